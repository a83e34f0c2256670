using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Tests.Cli;

namespace VizPipeline.Tests.Atlas.Export;

public sealed class AtlasExportTests : IDisposable
{
    private readonly AtlasFolder _atlas = new();
    private readonly TemporaryFolder _target = new();

    public static TheoryData<string> Formats => ["csv", "jsonl", "parquet"];

    public void Dispose()
    {
        _atlas.Dispose();
        _target.Dispose();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Columns_keep_their_names_and_order(string format)
    {
        await ExportAllAsync(format);

        Assert.Equal(
            "index name kind operator channels height width field_height field_width stride_y stride_x start_y start_x sees_whole_input "
                + "parameters depth flops sheet_object_key rectified sheet_file",
            string.Join(' ', (await ReadAsync("layers", format)).Columns));
        Assert.Equal(
            "layer channel name images mean standard_deviation max fraction_positive dead q50 q90 q99 q999 histogram_low histogram_high "
                + "histogram best_class best_class_mean "
            + "class_selectivity top_classes top_purity active_images mismatch",
            string.Join(' ', (await ReadAsync("neurons", format)).Columns));
        Assert.Equal(
            "layer channel rank image activation y x x0 y0 x1 y1 class field_x0 field_y0 field_x1 field_y1 "
                + "crop_x0 crop_y0 crop_x1 crop_y1 recomputed mismatch",
            string.Join(' ', (await ReadAsync("patches", format)).Columns));
        Assert.Equal(
            "layer channel method variant seed object_key status activation percentile best_step steps parameters objective file",
            string.Join(' ', (await ReadAsync("pictures", format)).Columns));
        Assert.Equal(
            "index path class class_index unreadable class_rank", string.Join(' ', (await ReadAsync("images", format)).Columns));
        Assert.Equal(
            "layer channel facet images share silhouette mean_activation image_indices ascent_activation patches_file mean_file "
                + "ascent_file",
            string.Join(' ', (await ReadAsync("facets", format)).Columns));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Neurons_come_back_as_the_catalog_has_them(string format)
    {
        await ExportAllAsync(format);

        var neurons = await ReadAsync("neurons", format);
        Assert.Equal(11, neurons.Rows.Count);
        var neuron = neurons.Row("logits", 0);
        Assert.Equal(
            ("tench, Tinca tinca", "10", "0.1", "0.5", "false", "0.999"),
            (neuron["name"], neuron["images"], neuron["mean"], neuron["standard_deviation"], neuron["dead"], neuron["q999"]));
        Assert.Equal(string.Join(';', Enumerable.Range(0, 32)), neuron["histogram"]);
        Assert.Equal(
            ("cat", "0.2", "cat;dog;dog;cat;dog;dog;dog;cat;dog", "true"),
            (neuron["best_class"], neuron["best_class_mean"], neuron["top_classes"], neuron["mismatch"]));
        Assert.Equal(6 / 9.0, double.Parse(neuron["top_purity"]!));
        Assert.Null(neurons.Row("conv1", 0)["name"]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Patches_come_back_with_odd_names_and_every_digit(string format)
    {
        await ExportAllAsync(format);

        var patches = await ReadAsync("patches", format);
        Assert.Equal(99, patches.Rows.Count);
        for (var rank = 1; rank <= 9; rank++)
        {
            var patch = patches.Row(AtlasFolder.OddLayer, 2, $"{rank}");
            var image = (2 + rank) % 10;
            Assert.Equal((AtlasFolder.ImageName(image), image % 2 == 0 ? "cat" : "dog"), (patch["image"], patch["class"]));
            Assert.Equal(10f / rank, float.Parse(patch["activation"]!));
            Assert.Equal((10f / rank) + 0.25f, float.Parse(patch["recomputed"]!));
            Assert.Equal(
                "1 2 0 0 8 8 -1 -2 9 8",
                string.Join(' ', "y x x0 y0 x1 y1 field_x0 field_y0 field_x1 field_y1".Split(' ').Select(name => patch[name])));
        }
        Assert.Equal(AtlasFolder.ImageName(0), patches.Row("conv1", 1, "9")["image"]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Pictures_and_layers_come_back(string format)
    {
        await ExportAllAsync(format);

        var pictures = (await ReadAsync("pictures", format)).Rows;
        var ascent = pictures.Single(row => row["layer"] == "conv1" && row["channel"] == "3" && row["method"] == "ascent");
        Assert.Equal(("preset 3", "0", "best_at_step", "7.5", "60", "64", "{}", "0;7.5"),
            (ascent["variant"], ascent["seed"], ascent["status"], ascent["activation"], ascent["best_step"], ascent["steps"],
                ascent["parameters"], ascent["objective"]));
        var filters = pictures.Single(row => row["method"] == "filters");
        Assert.Equal(("conv1", "-1", "atlases/sample/pictures/conv1/filters/layer.png", "pictures/conv1/filters/layer.png"),
            (filters["layer"], filters["channel"], filters["object_key"], filters["file"]));
        Assert.Null(filters["objective"]);
        var layers = (await ReadAsync("layers", format)).Rows;
        Assert.Equal(["conv1", AtlasFolder.OddLayer, "logits"], layers.Select(layer => layer["name"]));
        Assert.Equal(
            ("0", "conv", "5", "4", "false"),
            (layers[0]["index"], layers[0]["kind"], layers[0]["channels"], layers[0]["height"], layers[0]["sees_whole_input"]));
        Assert.Equal(
            ("atlases/sample/sheets/conv1.png", "sheets/conv1.png"), (layers[0]["sheet_object_key"], layers[0]["sheet_file"]));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task An_unfinished_atlas_gives_what_there_is(string format)
    {
        await (await _atlas.PlanAsync())
            .CompleteAsync(group => group == new JobGroup(JobKind.Scan, null) || group == new JobGroup(JobKind.Merge, 0));
        await ExportAsync(format);

        var neurons = await ReadAsync("neurons", format);
        Assert.Equal("4.1", neurons.Row("conv1", 4)["mean"]);
        Assert.Equal(
            (null, null, null, null),
            (neurons.Row("logits", 1)["mean"], neurons.Row("logits", 1)["dead"], neurons.Row("logits", 1)["histogram"],
            neurons.Row("conv1", 4)["mismatch"]));
        Assert.Equal(45, (await ReadAsync("patches", format)).Rows.Count);
        Assert.Empty((await ReadAsync("pictures", format)).Rows);
    }

    [Fact]
    public async Task Csv_quotes_as_RFC_4180_does()
    {
        await ExportAllAsync("csv");

        var lines = await File.ReadAllTextAsync(_target.File("patches.csv"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("\r\n", lines);
        Assert.StartsWith("layer,channel,rank,image,activation,y,x,x0,y0,x1,y1,", lines);
        Assert.Contains("\nconv1,0,1,\"e\nf.png\",10,1,2,0,0,8,8,dog,", lines);
        Assert.Contains("\n\"fire/merge, \"\"the\"\" 2nd\",0,2,\" g.png\",5,", lines);
        Assert.Contains(",\"h;\r.png\",", lines);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Images_come_back_with_the_names_and_numbers_of_their_classes(string format)
    {
        await ExportAllAsync(format);

        var images = (await ReadAsync("images", format)).Rows;
        Assert.Equal(10, images.Count);
        Assert.Equal(("1", AtlasFolder.ImageName(1), "dog", "1", null), (
            images[1]["index"], images[1]["path"], images[1]["class"], images[1]["class_index"], images[1]["unreadable"]));
        Assert.Equal("image 6 is truncated", images[6]["unreadable"]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Similar_neurons_are_the_ten_with_the_largest_correlation_of_all_layers(string format)
    {
        const int Images = 6;
        await (await _atlas.PlanAsync()).CompleteAsync(_ => true);
        var stored = await _atlas.OpenAsync();
        // Neuron 0 of conv1 is constant over the sample, so it is similar to none.
        var (random, neurons) = (new Random(7), new List<(string Layer, int Channel, float[] Values)>());
        foreach (var layer in stored.Spec.Layers)
        {
            var values = Enumerable.Range(0, layer.Channels).Select(channel => Enumerable.Range(0, Images)
                .Select(_ => layer.Name == "conv1" && channel == 0 ? 3f : random.NextSingle()).ToArray()).ToList();
            neurons.AddRange(values.Select((row, channel) => (layer.Name, channel, row)));
            await stored.OpenStore().PutAsync(
                AtlasKeys.LayerProfiles(stored.Spec.Id, layer.Name),
                new ActivationProfiles(layer.Channels, [.. Enumerable.Range(0, Images)], [.. values.SelectMany(row => row)]).Write(),
                TestContext.Current.CancellationToken);
        }
        await ExportAsync(format);

        var similar = await ReadAsync("similar_neurons", format);
        Assert.Equal("layer channel rank other_layer other_channel similarity", string.Join(' ', similar.Columns));
        var alive = neurons.Where(neuron => neuron.Values.Distinct().Count() > 1).ToList();
        var expected = alive.SelectMany(one => alive.Where(other => other != one)
            .Select(other => (one, other, Correlation: Correlate(one.Values, other.Values)))
            .OrderByDescending(pair => pair.Correlation).Take(SimilarExport.Count)
            .Select((pair, i) => (pair.one, Rank: i + 1, pair.other, pair.Correlation))).ToList();
        Assert.Equal(alive.Count * Math.Min(alive.Count - 1, SimilarExport.Count), similar.Rows.Count);
        Assert.Equal(
            expected.Select(pair => $"{pair.one.Layer} {pair.one.Channel} {pair.Rank} {pair.other.Layer} {pair.other.Channel}"),
            similar.Rows.Select(row => string.Join(
                ' ', "layer channel rank other_layer other_channel".Split(' ').Select(column => row[column]))));
        Assert.All(
            expected.Zip(similar.Rows), pair => Assert.Equal(pair.First.Correlation, double.Parse(pair.Second["similarity"]!), 1e-5));
    }

    private static double Correlate(float[] one, float[] other)
    {
        var (a, b) = (one.Select(value => (double)value).ToArray(), other.Select(value => (double)value).ToArray());
        var (meanA, meanB) = (a.Average(), b.Average());
        return a.Zip(b).Sum(pair => (pair.First - meanA) * (pair.Second - meanB))
            / Math.Sqrt(a.Sum(value => (value - meanA) * (value - meanA)) * b.Sum(value => (value - meanB) * (value - meanB)));
    }

    [Fact]
    public async Task Parquet_files_describe_themselves_to_another_reader()
    {
        await ExportAllAsync("parquet");

        foreach (var table in AtlasExport.Tables)
        {
            var metadata = ReadMetadata(_target.File($"{table}.parquet"));
            Assert.Equal(
                ("sample", AtlasFolder.Spec.Hash(), "cd"),
                (metadata.Notes["atlas"], metadata.Notes["spec_hash"], metadata.Notes["manifest_hash"]));
            Assert.StartsWith("one row per", metadata.Notes["table"]);
            Assert.All(
                metadata.Leaves.Select(leaf => leaf.Path.Split('.')[0]).Distinct(),
                column => Assert.NotEqual("", metadata.Notes[$"meaning:{column}"]));
        }
        Assert.Equal("pixels", ReadMetadata(_target.File("patches.parquet")).Notes["unit:x0"]);
        Assert.Equal("activation", ReadMetadata(_target.File("neurons.parquet")).Notes["unit:q99"]);
        Assert.False(ReadMetadata(_target.File("neurons.parquet")).Notes.ContainsKey("unit:channel"));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_page_beside_the_files_lists_all_tables_and_columns(string format)
    {
        await ExportAllAsync(format);

        var page = await File.ReadAllLinesAsync(_target.File("README.md"), TestContext.Current.CancellationToken);
        Assert.StartsWith(ExportReadme.Heading, page[0]);
        Assert.Contains($"- Spec: `{AtlasFolder.Spec.Hash()}`", page);
        foreach (var table in AtlasExport.Tables)
        {
            var columns = page.SkipWhile(line => line != $"## {table}.{format}").Skip(1)
                .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
                .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
                .Select(line => line.Split('|', StringSplitOptions.TrimEntries));
            // Without a profile there is no row, and JSON lines name columns only in rows.
            if (format != "jsonl" || table != SimilarExport.Table.Name)
                Assert.Equal((await ReadAsync(table, format)).Columns, columns.Select(cells => cells[1].Trim('`')));
            Assert.All(columns, cells => Assert.NotEqual("", cells[4]));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_failed_export_leaves_the_former_files_and_no_others(string format)
    {
        await ExportAllAsync(format);
        var before = await File.ReadAllBytesAsync(_target.File($"neurons.{format}"), TestContext.Current.CancellationToken);
        // The last table fails after the others have been written.
        await _atlas.ChangeAsync(
            catalog => catalog.Database.ExecuteSqlRawAsync("DROP TABLE picture", TestContext.Current.CancellationToken));

        await Assert.ThrowsAnyAsync<Exception>(() => ExportAsync(format));
        Assert.Equal(before, await File.ReadAllBytesAsync(_target.File($"neurons.{format}"), TestContext.Current.CancellationToken));
        Assert.Equal(8, Directory.GetFileSystemEntries(_target.Path).Length);
    }

    // Not with the library that writes the files.
    private static ParquetMetadata ReadMetadata(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var length = BitConverter.ToInt32(bytes, bytes.Length - 8);
        return ParquetMetadata.Read(bytes.AsSpan(bytes.Length - 8 - length, length));
    }

    private async Task ExportAllAsync(string format)
    {
        await (await _atlas.PlanAsync()).CompleteAsync(_ => true);
        await _atlas.ChangeAsync(async catalog =>
        {
            catalog.Facets.Add(new Facet
            {
                LayerId = 1,
                Channel = 2,
                Number = 1,
                Images = 3,
                Share = 1,
                MeanActivation = 0.5,
                ImageIndices = [4, 0, 2],
            });
            await catalog.SaveChangesAsync();
        });
        await ExportAsync(format);
    }

    private async Task ExportAsync(string format)
    {
        var stored = await _atlas.OpenAsync();
        await using var catalog = stored.Database.Open();
        using var similar = new SimilarNeuronsCache(stored.OpenStore(), TimeProvider.System);
        await AtlasExport.WriteAsync(
            catalog, stored.Row.Id, stored.Spec, similar, ExportFormat.All.Single(known => known.Name == format), _target.Path,
            TestContext.Current.CancellationToken);
    }

    private Task<ExportedTable> ReadAsync(string table, string format) => ExportedTable.ReadAsync(_target.Path, table, format);
}
