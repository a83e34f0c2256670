using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Cli;

namespace VizPipeline.Tests.Coordinator.Transfer;

public sealed class AtlasTransferTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly SqliteCatalogDatabase _database;
    private readonly FolderObjectStore _store;
    private readonly CoordinatorSession _session;
    private readonly ManualClock _time = new();
    private readonly AtlasTransfer _transfer;

    public AtlasTransferTests()
    {
        _database = new(_folder.File("cluster/catalog.db"));
        _store = new(_folder.File("bucket"));
        _session = new(_database, Options.Create(new CoordinatorOptions()), NullLogger<CoordinatorSession>.Instance);
        _transfer = new(_database, _store, _session, _time, NullLogger<AtlasTransfer>.Instance);
    }

    public void Dispose()
    {
        _session.DisposeAsync().AsTask().Wait();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_atlas_that_comes_and_goes_again_has_the_same_rows_and_files()
    {
        using var atlas = await new FinishedAtlas().MakeAsync();
        await atlas.ChangeAsync(async catalog =>
        {
            catalog.Facets.Add(new Facet
            {
                LayerId = await catalog.Layers.Select(layer => layer.Id).FirstAsync(_cancellation),
                Channel = 0,
                Number = 1,
                ImageIndices = [3, 1, 2],
            });
            await catalog.SaveChangesAsync(_cancellation);
        });
        await atlas.Database.SealAsync(_cancellation);
        await SendObjectsAsync(atlas);
        await _transfer.ImportAsync("sample", CatalogOf(atlas), _cancellation);
        Assert.Equal(await CatalogFixture.Contents(atlas.Database, "sample"), await CatalogFixture.Contents(_database, "sample"));
        await HasAllRowsAsync(atlas.Database, _database);

        var back = _folder.File("back.db");
        await _transfer.WriteCatalogAsync("sample", back, _cancellation);
        await HasAllRowsAsync(atlas.Database, new SqliteCatalogDatabase(back));
        foreach (var name in await _transfer.ListAsync("sample", _cancellation))
        {
            var file = _folder.File("object");
            await _transfer.ReadAsync("sample", name, file, _cancellation);
            Assert.Equal(await File.ReadAllBytesAsync(atlas.File(name), _cancellation), await File.ReadAllBytesAsync(file, _cancellation));
        }
        Assert.DoesNotContain(
            await _transfer.ListAsync("sample", _cancellation), name => name.StartsWith("scan/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_atlases_of_one_id_do_not_mix()
    {
        using var atlas = await new FinishedAtlas().MakeAsync();
        await _transfer.ClaimAsync("sample", "one", _cancellation);
        await SendObjectsAsync(atlas);
        // The same atlas, from anywhere; the mark is renewed.
        _time.Advance(TimeSpan.FromMinutes(50));
        await _transfer.ClaimAsync("sample", "one", _cancellation);
        _time.Advance(TimeSpan.FromMinutes(50));
        var refusal = await Assert.ThrowsAsync<AtlasConflictException>(() => _transfer.ClaimAsync("sample", "other", _cancellation));
        Assert.Matches("^another atlas 'sample' is being sent, last at .+Z; wait for its end, or give this one", refusal.Message);
        Assert.NotEmpty(await _transfer.ListAsync("sample", _cancellation));

        // Who has sent nothing for an hour has given up, and has to begin again.
        _time.Advance(TimeSpan.FromMinutes(11));
        await _transfer.ClaimAsync("sample", "other", _cancellation);
        Assert.Empty(await _transfer.ListAsync("sample", _cancellation));
        await Assert.ThrowsAsync<AtlasConflictException>(() => _transfer.ClaimAsync("sample", "one", _cancellation));
        await SendObjectsAsync(atlas);
        await _transfer.ImportAsync("sample", CatalogOf(atlas), _cancellation);
        Assert.False(await _store.ExistsAsync(AtlasKeys.Transfer("sample"), _cancellation));
    }

    [Fact]
    public async Task What_is_there_is_neither_sent_twice_nor_overwritten()
    {
        using var atlas = await new FinishedAtlas().MakeAsync();
        await SendObjectsAsync(atlas);
        var hash = ObjectHashes.Hash(await File.ReadAllBytesAsync(atlas.File("spec.json"), _cancellation));
        Assert.True(await _transfer.HasAsync("sample", "spec.json", hash, _folder.File("a"), _cancellation));
        Assert.False(await _transfer.HasAsync("sample", "spec.json", new string('0', 64), _folder.File("b"), _cancellation));
        Assert.False(await _transfer.HasAsync("sample", "sheets/none.png", hash, _folder.File("c"), _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(
            () => _transfer.WriteAsync("sample", "spec.json", atlas.File("spec.json"), new string('0', 64), _cancellation));

        await _transfer.ImportAsync("sample", CatalogOf(atlas), _cancellation);
        await Assert.ThrowsAsync<AtlasConflictException>(
            () => _transfer.WriteAsync("sample", "spec.json", atlas.File("spec.json"), hash, _cancellation));
        await Assert.ThrowsAsync<AtlasConflictException>(() => _transfer.ImportAsync("sample", CatalogOf(atlas), _cancellation));
    }

    [Fact]
    public async Task An_atlas_without_all_its_objects_is_refused_and_can_be_completed()
    {
        using var atlas = await new FinishedAtlas().MakeAsync();
        await SendObjectsAsync(atlas, name => !name.StartsWith("sheets/", StringComparison.Ordinal));
        var refusal = await Assert.ThrowsAsync<ArgumentException>(
            () => _transfer.ImportAsync("sample", CatalogOf(atlas), _cancellation));
        Assert.Contains("have not been sent: sheets/", refusal.Message);
        await SendObjectsAsync(atlas);
        await _transfer.ImportAsync("sample", CatalogOf(atlas), _cancellation);
    }

    [Theory]
    [InlineData("UPDATE atlas SET state = 'running'", "not finished")]
    [InlineData("UPDATE atlas SET slug = 'another'", "not that of atlas")]
    [InlineData("UPDATE atlas SET spec_hash = 'abc'", "hash")]
    [InlineData("UPDATE atlas SET spec = '[]'", "damaged")]
    [InlineData("UPDATE atlas SET created_at = x'00'", "damaged")]
    [InlineData("UPDATE layer SET channels = 6 WHERE layer_index = 0", "layers are not those")]
    [InlineData("UPDATE job SET state = 'pending' WHERE job_id = 1", "has not ended")]
    [InlineData("UPDATE job SET payload = json_set(payload, '$.atlas_id', 'other-atlas') WHERE job_id = 1", "job of something else")]
    [InlineData("UPDATE job SET payload = 'evil' WHERE job_id = 1", "damaged")]
    [InlineData("UPDATE job SET kind = 'Evil' WHERE job_id = 1", "damaged")]
    [InlineData("UPDATE job SET result_key = 'models/a.onnx' WHERE job_id = 1", "not one of this atlas")]
    [InlineData("UPDATE picture SET key = 'models/a.onnx'", "not one of this atlas")]
    [InlineData("UPDATE picture SET key = 'atlases/sample/../other/spec.json'", "not one of this atlas")]
    [InlineData("UPDATE layer SET sheet_key = 'atlases/other/sheets/conv1.png'", "not one of this atlas")]
    [InlineData("DELETE FROM atlas", "no atlas")]
    [InlineData(
        "ALTER TABLE patch RENAME TO hidden; CREATE VIEW patch AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) "
        + "SELECT hidden.* FROM hidden, n",
        "no table 'patch'")]
    [InlineData("DELETE FROM \"__EFMigrationsHistory\"", "lacks migration")]
    public async Task A_catalog_that_lies_is_refused_and_changes_nothing(string change, string message)
    {
        using var atlas = await new FinishedAtlas().MakeAsync();
        await SendObjectsAsync(atlas);
        await atlas.ChangeAsync(async catalog =>
        {
            await catalog.Database.ExecuteSqlRawAsync("PRAGMA foreign_keys = OFF", _cancellation);
            await catalog.Database.ExecuteSqlRawAsync(change, _cancellation);
        });
        await atlas.Database.SealAsync(_cancellation);
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => _transfer.ImportAsync("sample", CatalogOf(atlas), _cancellation));
        Assert.True(refusal is ArgumentException or InvalidAtlasSpecException, refusal.ToString());
        Assert.Contains(message, refusal.Message);
        Assert.DoesNotContain(atlas.Path, refusal.Message);
        await using var catalog = _database.Open();
        Assert.Equal(0, await catalog.Atlases.CountAsync(_cancellation));
        Assert.Equal(0, await catalog.Neurons.CountAsync(_cancellation));
    }

    [Theory]
    [InlineData("sample", "../other/spec.json")]
    [InlineData("sample", "scan/000000.json")]
    [InlineData("sample", "atlas.db")]
    [InlineData("sample", "pictures/../../../models/a.onnx")]
    [InlineData("sample", "pictures//a.png")]
    [InlineData("../sample", "spec.json")]
    public async Task Names_that_are_not_of_an_atlas_are_refused(string id, string name)
    {
        await _session.EnsureOpenAsync(_cancellation);
        var file = _folder.File("empty");
        await File.WriteAllBytesAsync(file, [], _cancellation);
        await Assert.ThrowsAsync<ArgumentException>(() => _transfer.ReadAsync(id, name, file, _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(
            () => _transfer.WriteAsync(id, name, file, ObjectHashes.Hash([]), _cancellation));
    }

    [Fact]
    public async Task An_atlas_that_runs_or_does_not_exist_is_not_given_out()
    {
        using var atlas = await new FinishedAtlas().MakeAsync();
        await SendObjectsAsync(atlas);
        await Assert.ThrowsAsync<AtlasNotFoundException>(
            () => _transfer.WriteCatalogAsync("sample", _folder.File("a.db"), _cancellation));
        await _transfer.ImportAsync("sample", CatalogOf(atlas), _cancellation);
        await using var catalog = _database.Open();
        await catalog.Atlases.ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AtlasState.Running), _cancellation);
        await Assert.ThrowsAsync<AtlasConflictException>(
            () => _transfer.WriteCatalogAsync("sample", _folder.File("b.db"), _cancellation));
    }

    // Every table but that of the workers, so that a new one cannot be forgotten.
    private static async Task HasAllRowsAsync(CatalogDatabase before, CatalogDatabase after)
    {
        await using var context = before.Open();
        foreach (var entity in context.Model.GetEntityTypes().Where(entity => entity.ClrType != typeof(WorkerNode)))
        {
            var counts = new List<int>();
            foreach (var catalog in (CatalogDatabase[])[before, after])
                counts.Add((await CatalogFixture.QueryAsync(catalog, $"SELECT 1 FROM \"{entity.GetTableName()}\"")).Count);
            Assert.True(counts[0] > 0, $"the test has no row in {entity.GetTableName()}");
            Assert.True(counts[0] == counts[1], $"{entity.GetTableName()}: {counts[0]} rows before, {counts[1]} after");
        }
    }

    private async Task SendObjectsAsync(FinishedAtlas atlas, Func<string, bool>? choose = null)
    {
        await _session.EnsureOpenAsync(_cancellation);
        foreach (var (name, content) in FinishedAtlas.ReadAll(atlas.Path))
        {
            if (AtlasKeys.IsLasting(name) && choose?.Invoke(name) != false)
                await _transfer.WriteAsync("sample", name, atlas.File(name), ObjectHashes.Hash(content), _cancellation);
        }
    }

    private static string CatalogOf(FinishedAtlas atlas) => EmbeddedAtlas.CatalogFile(atlas.Path);
}
