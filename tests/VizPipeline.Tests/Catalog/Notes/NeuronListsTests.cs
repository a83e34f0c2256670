using Microsoft.Data.Sqlite;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.Catalog.Notes;

/// <summary>Tests lists of neurons in the tables of PostgreSQL and in the file beside a catalog.</summary>
public sealed class NeuronListsTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public static TheoryData<Engine> Engines => [Engine.Sqlite, Engine.Postgres];

    [Theory, MemberData(nameof(Engines))]
    public async Task A_list_keeps_its_neurons_and_notes_in_order(Engine engine)
    {
        await using var catalog = await OpenAsync(engine);
        var lists = ListsOf(catalog);
        Assert.Empty(await lists.ReadAllAsync("demo", _cancellation));
        var (made, key) = await lists.CreateAsync("demo", "  Eyes ", _cancellation);
        Assert.True(made.IsKey(key));
        Assert.False(made.IsKey(key + "0") || made.IsKey("") || made.IsKey(null) || made.IsKey(made.KeyHash));

        Assert.True(await lists.PutAsync("demo", made.Id, "fire/merge", 7, null, _cancellation));
        await Task.Delay(5, _cancellation);
        Assert.True(await lists.PutAsync("demo", made.Id, "conv1", 0, "<b>한국어</b>\nand 😀", _cancellation));
        Assert.True(await lists.PutAsync("demo", made.Id, "fire/merge", 7, "a wheel", _cancellation));
        // Starring again keeps the note.
        Assert.True(await lists.PutAsync("demo", made.Id, "fire/merge", 7, null, _cancellation));

        var list = (await lists.FindAsync("demo", made.Id, _cancellation))!;
        Assert.Equal("Eyes", list.Title);
        Assert.Equal(
            [("fire/merge", 7, "a wheel"), ("conv1", 0, "<b>한국어</b>\nand 😀")],
            list.Neurons.Select(neuron => (neuron.Layer, neuron.Channel, neuron.Note)));
        Assert.True(list.ChangedAt >= list.CreatedAt && list.CreatedAt.Kind == DateTimeKind.Utc);

        Assert.True(await lists.RemoveAsync("demo", made.Id, "conv1", 0, _cancellation));
        Assert.True(await lists.RenameAsync("demo", made.Id, "Wheels", _cancellation));
        var changed = Assert.Single(await lists.ReadAllAsync("demo", _cancellation));
        Assert.Equal(("Wheels", 1), (changed.Title, changed.Neurons.Count));
        Assert.True(await lists.DeleteAsync("demo", made.Id, _cancellation));
        Assert.Null(await lists.FindAsync("demo", made.Id, _cancellation));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task What_is_too_long_too_much_or_not_there_is_refused(Engine engine)
    {
        await using var catalog = await OpenAsync(engine);
        var lists = ListsOf(catalog);
        foreach (var title in new[] { "", " \n", new string('x', 201) })
            await Assert.ThrowsAsync<NoteRefusedException>(() => lists.CreateAsync("demo", title, _cancellation));
        var (list, _) = await lists.CreateAsync("demo", new string('x', 200), _cancellation);
        await Assert.ThrowsAsync<NoteRefusedException>(
            () => lists.PutAsync("demo", list.Id, "conv1", 0, new string('x', 2001), _cancellation));
        Assert.True(await lists.PutAsync("demo", list.Id, "conv1", 0, new string('x', 2000), _cancellation));
        // What a database could not store.
        Assert.True(await lists.PutAsync("demo", list.Id, "conv1", 1, "a\0b\ud800c", _cancellation));
        Assert.Equal("a\ufffdb\ufffdc", (await lists.FindAsync("demo", list.Id, _cancellation))!.Neurons[^1].Note);
        for (var channel = 2; channel < NotesDatabase.MostNeurons; channel++)
            await lists.PutAsync("demo", list.Id, "conv1", channel, null, _cancellation);
        var full = await Assert.ThrowsAsync<NoteRefusedException>(
            () => lists.PutAsync("demo", list.Id, "conv2", 0, null, _cancellation));
        Assert.Contains("at most 500 neurons", full.Message);
        Assert.True(await lists.PutAsync("demo", list.Id, "conv1", 0, "still to change", _cancellation));

        foreach (var id in new[] { "", "x", new string('0', 32), list.Id.ToUpperInvariant(), list.Id + "0", "' OR 1=1 --" })
        {
            Assert.Null(await lists.FindAsync("demo", id, _cancellation));
            Assert.False(await lists.PutAsync("demo", id, "conv1", 0, null, _cancellation));
            Assert.False(await lists.DeleteAsync("demo", id, _cancellation));
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Windows_that_star_at_once_lose_nothing(Engine engine)
    {
        await using var catalog = await OpenAsync(engine);
        var (list, _) = await ListsOf(catalog).CreateAsync("demo", "Eyes", _cancellation);
        var all = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(
            () => ListsOf(catalog).PutAsync("demo", list.Id, "conv1", i / 3, null, _cancellation))));
        Assert.All(all, Assert.True);
        Assert.Equal(
            Enumerable.Range(0, 8),
            (await ListsOf(catalog).FindAsync("demo", list.Id, _cancellation))!.Neurons.Select(neuron => neuron.Channel).Order());
    }

    [Fact]
    public async Task Atlases_of_one_database_have_their_own_lists()
    {
        await using var catalog = await OpenAsync(Engine.Postgres);
        var lists = ListsOf(catalog);
        var (list, _) = await lists.CreateAsync("demo", "Eyes", _cancellation);
        Assert.Null(await lists.FindAsync("other", list.Id, _cancellation));
        Assert.False(await lists.DeleteAsync("other", list.Id, _cancellation));
        Assert.Empty(await lists.ReadAllAsync("other", _cancellation));
    }

    [Fact]
    public async Task A_folder_keeps_its_lists_in_a_file_of_their_own_whatever_the_atlas_is_called()
    {
        using var folder = new TemporaryFolder();
        var lists = new NeuronLists(new SqliteCatalogDatabase(folder.File("atlas.db")).Notes, TimeProvider.System);
        Assert.Empty(await lists.ReadAllAsync("demo", _cancellation));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        var (list, _) = await lists.CreateAsync("demo", "Eyes", _cancellation);
        Assert.NotNull(await lists.FindAsync("renamed", list.Id, _cancellation));
        Assert.Equal([folder.File("notes.db")], Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_folder_that_keeps_nothing_says_so()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("notes.db"));
        var lists = new NeuronLists(new SqliteCatalogDatabase(folder.File("atlas.db")).Notes, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<CatalogUnusableException>(() => lists.CreateAsync("demo", "Eyes", _cancellation));
        Assert.StartsWith($"Lists and notes cannot be kept in {folder.File("notes.db")}: ", refused.Message);
        Assert.Empty(await lists.ReadAllAsync("demo", _cancellation));
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_left_as_it_is_and_an_empty_one_is_filled()
    {
        using var folder = new TemporaryFolder();
        var lists = new NeuronLists(new SqliteCatalogDatabase(folder.File("atlas.db")).Notes, TimeProvider.System);
        folder.Write("notes.db", "");
        Assert.Empty(await lists.ReadAllAsync("demo", _cancellation));
        await lists.CreateAsync("demo", "Eyes", _cancellation);
        await using (var connection = new SqliteConnection($"Data Source={folder.File("notes.db")};Pooling=False"))
        {
            await connection.OpenAsync(_cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 2";
            await command.ExecuteNonQueryAsync(_cancellation);
        }
        foreach (var attempt in new Func<Task>[]
        {
            () => lists.ReadAllAsync("demo", _cancellation), () => lists.CreateAsync("demo", "Wheels", _cancellation),
        })
            Assert.Contains("newer version", (await Assert.ThrowsAsync<CatalogUnusableException>(attempt)).Message);
    }

    private async Task<CatalogFixture> OpenAsync(Engine engine)
    {
        var catalog = await CatalogFixture.On(engine);
        await catalog.Database.MigrateAsync(_cancellation);
        return catalog;
    }

    private static NeuronLists ListsOf(CatalogFixture catalog) => new(catalog.Database.Notes, TimeProvider.System);
}
