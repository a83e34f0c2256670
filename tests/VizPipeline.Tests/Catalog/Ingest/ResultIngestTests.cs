using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Catalog;

public abstract class ResultIngestTests(Engine engine) : CatalogTests(engine)
{
    private readonly AtlasSpec _spec = SpecSamples.Small();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_atlas_lists_every_neuron_image_and_job()
    {
        var atlas = await Catalog.Create(_spec);

        await using var context = Catalog.Database.Open();
        Assert.Equal([5, 4, 2], (await context.LayersAsync(atlas.Id, _cancellation)).Select(layer => layer.Channels));
        Assert.Equal(11, await context.Neurons.CountAsync(neuron => neuron.Mean == null, _cancellation));
        Assert.Equal(10, await context.Images.CountAsync(_cancellation));
        Assert.Equal(JobPlan.For(_spec).Count, (await context.CountJobsAsync(atlas.Id, _cancellation)).Sum(count => count.Jobs));
        Assert.Equal(DateTimeKind.Utc, (await context.FindAtlasAsync("sample", _cancellation))!.CreatedAt.Kind);
        Assert.Null(await context.FindAtlasAsync("another", _cancellation));
    }

    [Fact]
    public async Task Rows_come_back_as_they_were_told()
    {
        var atlas = await IngestAll();

        await using var context = Catalog.Database.Open();
        var neuron = await context.Neurons.SingleAsync(n => n.LayerId == 1 && n.Channel == 3, _cancellation);
        Assert.Equal((3.1, 0.999, 1, 32), (neuron.Mean, neuron.Q999, neuron.BestClass, neuron.Histogram!.Length));
        Assert.Equal([0, 1, 1, 0, 1, 1, 1, 0, 1], neuron.TopClasses!);
        var patch = await context.Patches.SingleAsync(
            p => p.LayerId == 1 && p.Channel == 2 && p.Rank == 3, _cancellation);
        Assert.Equal(
            (5, 10 / 3f, -2, 8, 10 / 3f + 0.25f, false),
            (patch.ImageIndex, patch.Activation, patch.Y0, patch.ClippedX1, patch.Recomputed, patch.Mismatch));
        var picture = await context.Pictures.SingleAsync(
            p => p.LayerId == 1 && p.Channel == 2 && p.Method == "ascent", _cancellation);
        Assert.Equal(("preset 3", 5.0, 97.0, 64), (picture.Variant, picture.Activation, picture.Percentile, picture.Steps));
        Assert.Equal([0f, 5f], picture.Objective);
        Assert.Equal([6], (await context.UnreadableImagesAsync(atlas.Id, _cancellation)).Select(image => image.ImageIndex));
        Assert.Equal("atlases/sample/sheets/conv1.png", (await context.LayersAsync(atlas.Id, _cancellation))[0].SheetKey);
    }

    [Fact]
    public async Task Ingest_twice_is_once()
    {
        await IngestAll();
        var once = await CatalogFixture.Contents(Catalog.Database, "sample");

        await IngestAll(create: false);

        Assert.Equal(once, await CatalogFixture.Contents(Catalog.Database, "sample"));
    }

    [Fact]
    public async Task A_merge_done_again_keeps_what_later_jobs_found_out()
    {
        var atlas = await IngestAll();
        var before = await CatalogFixture.Contents(Catalog.Database, "sample");

        await Catalog.Ingest(atlas, JobKind.Merge, 0, VizJson.Write(ResultSamples.Layer(_spec, 0)));
        await Catalog.Ingest(atlas, JobKind.Ascent, 0, VizJson.Write(ResultSamples.Ascent(_spec, new("sample", 0, 1, 0, 0, 3, "3", 0))));

        Assert.Equal(before, await CatalogFixture.Contents(Catalog.Database, "sample"));
    }

    [Fact]
    public async Task A_pass_for_other_layers_than_the_outputs_keeps_the_ranks()
    {
        var atlas = await Catalog.Create(_spec);
        await using var context = Catalog.Database.Open();
        var ingest = new ResultIngest(context);
        foreach (var (pass, ranks) in new (int, int?[]?)[] { (0, [2, null, 1, 7]), (1, null) })
        {
            var command = JobMessage.Create(new ScanShard("sample", 1, 1, 0, 0, 4, pass));
            var table = new ScanTable(0, 0, 4, 4, []) { ClassRanks = ranks };
            await ingest.AddAsync(
                new Job { AtlasId = atlas.Id, Kind = JobKind.Scan, Payload = command.Payload }, VizJson.Write(table), _cancellation);
        }
        await ingest.SaveAsync(_cancellation);
        Assert.Equal(
            [2, null, 1, 7, null], await context.Images.OrderBy(image => image.ImageIndex).Take(5).Select(image => image.ClassRank)
                .ToListAsync(_cancellation));
    }

    [Fact]
    public async Task Numbers_that_are_none_become_null_and_infinity_stays()
    {
        var atlas = await Catalog.Create(_spec);
        var table = ResultSamples.Layer(_spec, 0);
        foreach (var row in table.Neurons)
            (row.Mean, row.Max) = (double.NaN, double.PositiveInfinity);
        await Catalog.Ingest(atlas, JobKind.Merge, 0, VizJson.Write(table));

        await using var context = Catalog.Database.Open();
        var neuron = await context.Neurons.FirstAsync(n => n.LayerId == 1, _cancellation);
        Assert.Null(neuron.Mean);
        Assert.Equal(double.PositiveInfinity, neuron.Max);
    }

    public static TheoryData<string> ForeignTables =>
    [
        "other layer", "missing neuron", "rank 10", "a rank twice", "not a number", "not a table",
    ];

    [Theory]
    [MemberData(nameof(ForeignTables))]
    public async Task A_table_that_does_not_fit_its_job_is_refused(string fault)
    {
        var atlas = await Catalog.Create(_spec);
        var table = ResultSamples.Layer(_spec, 0);
        var bytes = fault switch
        {
            "other layer" => VizJson.Write(ResultSamples.Layer(_spec, 1)),
            "missing neuron" => VizJson.Write(table with { Neurons = [.. table.Neurons.Skip(1)] }),
            "rank 10" => VizJson.Write(table with { Patches = [table.Patches[0] with { Rank = 10 }] }),
            "a rank twice" => VizJson.Write(table with { Patches = [.. table.Patches, table.Patches[0]] }),
            "not a number" => VizJson.Write(table with { Patches = [table.Patches[0] with { Activation = float.NaN }] }),
            _ => JsonSerializer.SerializeToUtf8Bytes("pictures"),
        };

        await Assert.ThrowsAsync<CorruptTableException>(() => Catalog.Ingest(atlas, JobKind.Merge, 0, bytes));
        await using var context = Catalog.Database.Open();
        Assert.Empty(context.Patches);
    }

    [Fact]
    public async Task A_table_that_lists_a_picture_twice_is_refused()
    {
        var atlas = await Catalog.Create(_spec);
        var table = ResultSamples.Ascent(_spec, new("sample", 0, 1, 0, 0, 3, "3", 0));

        await Assert.ThrowsAsync<CorruptTableException>(() => Catalog.Ingest(
            atlas, JobKind.Ascent, 0, VizJson.Write(table with { Pictures = [.. table.Pictures, table.Pictures[0]] })));
    }

    [Fact]
    public async Task Facets_come_back_with_their_pictures()
    {
        var (atlas, table) = await WithFacetsAsync();
        // The second result has fewer facets than the first one.
        await Catalog.Ingest(atlas, JobKind.Facets, 0, VizJson.Write(table with
        {
            Facets = [.. table.Facets!, table.Facets![0] with { Facet = 3, Images = [20] }],
            Pictures = [.. table.Pictures, table.Pictures[0] with { Variant = FacetPicture.Variant(3, FacetPicture.Mean) }],
        }));
        await Catalog.Ingest(atlas, JobKind.Facets, 0, VizJson.Write(table));

        await using var context = Catalog.Database.Open();
        var facets = await context.FacetsAsync(atlas.Id, _cancellation).Select(row => row.Facet).ToListAsync(_cancellation);
        Assert.Equal([(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)], facets.Select(facet => (facet.Channel, facet.Number)));
        Assert.Equal([9, 6, 7], facets[3].ImageIndices);
        Assert.Equal(
            table.Pictures.Count,
            await context.Pictures.CountAsync(picture => picture.Method == PictureMethod.Facets, _cancellation));
        Assert.Equal(
            (3, 0.3, 0.25, 2.0), (facets[3].Images, facets[3].Share, facets[3].Silhouette, facets[3].MeanActivation));
        var connection = context.Database.GetDbConnection();
        await connection.OpenAsync(_cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT ascent_key FROM v_facet WHERE layer = 'conv1' AND channel = 1 AND facet = 2";
        Assert.Equal("atlases/sample/pictures/conv1/facets/00001.facet2.ascent.png", await command.ExecuteScalarAsync(_cancellation));
    }

    [Fact]
    public async Task Facets_that_cannot_be_are_refused()
    {
        var (atlas, table) = await WithFacetsAsync();
        var facet = table.Facets![0];
        foreach (var (wrong, fault) in ((FacetRow, string)[])[
            (facet with { Channel = 4 }, "not of the job's neurons"), (facet with { Facet = 6 }, "malformed"),
            (facet with { Images = [] }, "malformed"), (facet with { Share = 0 }, "malformed"),
            (facet with { Silhouette = 2 }, "malformed"), (facet with { MeanActivation = double.NaN }, "malformed"),
            (facet with { Facet = 2 }, "two facets of one number"), (facet with { Images = [1, 1] }, "in two facets")])
        {
            var refused = await Assert.ThrowsAsync<CorruptTableException>(() => Catalog.Ingest(
                atlas, JobKind.Facets, 0, VizJson.Write(table with { Facets = [wrong, .. table.Facets.Skip(1)] })));
            Assert.Contains(fault, refused.Message, StringComparison.Ordinal);
        }
    }

    private async Task<(VizPipeline.Catalog.Atlas Atlas, PictureTable Table)> WithFacetsAsync()
    {
        var spec = SpecSamples.WithFacets(_spec);
        var atlas = await Catalog.Create(spec);
        await Catalog.Ingest(atlas, JobKind.Merge, 0, VizJson.Write(ResultSamples.Layer(spec, 0)));
        return (atlas, ResultSamples.Facets(spec, new("sample", 0, 1, 0, 0, 3, spec.Images.Count)));
    }

    [Fact]
    public async Task One_transaction_may_take_in_several_results()
    {
        var atlas = await Catalog.Create(_spec);
        await using var context = Catalog.Database.Open();
        await using (var transaction = await context.Database.BeginTransactionAsync(_cancellation))
        {
            foreach (var layer in new[] { 0, 1, 0 })
            {
                var job = await context.Jobs.SingleAsync(job => job.Kind == JobKind.Merge && job.LayerIndex == layer, _cancellation);
                await ResultIngest.IngestAsync(context, job, VizJson.Write(ResultSamples.Layer(_spec, layer)), _cancellation);
            }
            await transaction.CommitAsync(_cancellation);
        }
        Assert.Equal((5 + 4) * 9, await context.Patches.CountAsync(_cancellation));
        Assert.Equal(9, await context.Neurons.CountAsync(neuron => neuron.Mean != null, _cancellation));
    }

    [Fact]
    public async Task Outputs_keep_their_names_when_their_layer_is_merged()
    {
        var atlas = await Catalog.Create(_spec with { OutputNames = ["tench", "goldfish"] });
        await Catalog.Ingest(atlas, JobKind.Merge, 2, VizJson.Write(ResultSamples.Layer(_spec, 2)));

        await using var context = Catalog.Database.Open();
        Assert.Equal(
            [null, "tench", "goldfish"],
            await context.Neurons.Where(neuron => neuron.Channel == 4 || neuron.LayerId == 3).OrderBy(n => n.LayerId).ThenBy(n => n.Channel)
                .Select(neuron => neuron.Name).ToListAsync(_cancellation));
    }

    [Fact]
    public async Task Names_in_the_catalog_do_not_change()
    {
        await Catalog.Create(_spec);
        await using var context = Catalog.Database.Open();
        var connection = context.Database.GetDbConnection();
        await connection.OpenAsync(_cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT DISTINCT kind || ' ' || state FROM job ORDER BY 1";
        var found = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(_cancellation);
        while (await reader.ReadAsync(_cancellation))
            found.Add(reader.GetString(0));

        Assert.Equal(["ascent pending", "filters pending", "merge waiting", "patches waiting", "scan pending", "sheet waiting"], found);
    }

    private async Task<VizPipeline.Catalog.Atlas> IngestAll(bool create = true)
    {
        VizPipeline.Catalog.Atlas atlas;
        if (create)
        {
            atlas = await Catalog.Create(_spec);
        }
        else
        {
            await using var context = Catalog.Database.Open();
            atlas = (await context.FindAtlasAsync("sample", _cancellation))!;
        }
        var ascent = ResultSamples.Ascent(_spec, new("sample", 0, 1, 0, 0, 3, "3", 0));
        await using (var context = Catalog.Database.Open())
        {
            await using var transaction = await context.Database.BeginTransactionAsync(_cancellation);
            foreach (var job in await context.Jobs.Where(job => job.Kind == JobKind.Scan).ToListAsync(_cancellation))
                await ResultIngest.IngestAsync(
                    context, job,
                    VizJson.Write(ResultSamples.Scan((ScanShard)new JobMessage(job.Kind, job.Payload, 1).ReadCommand())), default);
            await transaction.CommitAsync(_cancellation);
        }
        await Catalog.Ingest(atlas, JobKind.Merge, 0, VizJson.Write(ResultSamples.Layer(_spec, 0)));
        await Catalog.Ingest(
            atlas, JobKind.Patches, 0, VizJson.Write(ResultSamples.Patches(_spec, new("sample", 0, 1, 0, 0, 3, _spec.Images.Count))));
        await Catalog.Ingest(atlas, JobKind.Ascent, 0, VizJson.Write(ascent));
        await Catalog.Ingest(atlas, JobKind.Filters, 0, VizJson.Write(ResultSamples.Filters(_spec, new("sample", 0, 1, 0))));
        await Catalog.Ingest(
            atlas, JobKind.Sheet, 0,
            VizJson.Write(ResultSamples.Sheet(_spec, new("sample", 0, 1, 0, _spec.Images.Count), ascent.Pictures)));
        return atlas;
    }
}

public sealed class ResultIngestOnSqliteTests() : ResultIngestTests(Engine.Sqlite);

public sealed class ResultIngestOnPostgresTests() : ResultIngestTests(Engine.Postgres);
