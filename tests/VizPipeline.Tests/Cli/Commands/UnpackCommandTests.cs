using System.Formats.Tar;
using System.Text;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Packing;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz unpack</c> with files that nobody should trust.</summary>
public sealed class UnpackCommandTests : IDisposable
{
    private readonly TemporaryFolder _files = new();

    private string Archive => _files.File("hostile.viz.tar");

    private string Target => _files.File("target");

    public void Dispose() => _files.Dispose();

    public static TheoryData<string> Names => ["../x", "/x", "sheets/../../x", "sheets//x", "sheets/./x", "sheets\\x", "x", "atlas.db.lock",
        "scan/x", "pictures", ""];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_list_that_names_other_places_is_refused(string name)
    {
        Write([("spec.json", "s"), ("atlas.db", "d"), (name, "evil")], entries: []);
        await RefusedAsync("which is no file of an atlas");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_entry_elsewhere_is_refused(string name)
    {
        Write(Plain, tar =>
        {
            if (name.Length > 0)
                Add(tar, name, "evil");
        });
        await RefusedAsync(name.Length > 0 ? "is not in its list" : "it lacks the entry");
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink, "a symbolic link")]
    [InlineData(TarEntryType.HardLink, "a hard link")]
    [InlineData(TarEntryType.Directory, "a folder")]
    [InlineData(TarEntryType.CharacterDevice, "a device")]
    [InlineData(TarEntryType.Fifo, "a pipe")]
    public async Task Links_and_devices_are_refused(TarEntryType type, string kind)
    {
        Write(Plain, tar =>
        {
            var entry = new UstarTarEntry(type, "spec.json");
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
                entry.LinkName = "/etc/passwd";
            tar.WriteEntry(entry);
        });
        await RefusedAsync($"its entry 'spec.json' is {kind}, not a plain file");
    }

    [Fact]
    public async Task Entries_that_differ_from_the_list_are_refused()
    {
        Write(Plain, tar => Add(tar, "spec.json", "t"));
        await RefusedAsync("its entry 'spec.json' is damaged");
        Write(Plain, tar => Add(tar, "spec.json", "longer"));
        await RefusedAsync("its entry 'spec.json' has 6 bytes, but 1 in its list");
        Write(Plain, tar =>
        {
            Add(tar, "spec.json", "s");
            Add(tar, "spec.json", "s");
        });
        await RefusedAsync("it has the entry 'spec.json' twice");
        Write(Plain, tar => Add(tar, "spec.json", "s"));
        await RefusedAsync("it lacks the entry 'atlas.db' of its list");
        Write(Plain, tar => Add(tar, "sheets/conv1.png", "s"));
        await RefusedAsync("its entry 'sheets/conv1.png' is not in its list");
        Write([.. Plain, ("tables/a", "1"), ("tables/a/b", "2")], entries: []);
        await RefusedAsync("has 'tables/a' both as a file and as a folder");
    }

    [Theory]
    [InlineData(1_000_000_000_000_000_000, "claims 1000000000000000001 bytes, but the file has")]
    [InlineData(long.MaxValue, "claims 9223372036854775808 bytes, but the file has")]
    [InlineData(-1, "a negative size")]
    public async Task A_list_of_impossible_sizes_is_refused(long bytes, string complaint)
    {
        var list = new PackList(
            "sample", new Dictionary<string, PackEntry> { ["atlas.db"] = new("00", bytes), ["spec.json"] = new("00", 1) });
        Write(list, _ => { });
        await RefusedAsync(complaint);
    }

    [Fact]
    public async Task What_is_no_packed_atlas_is_refused()
    {
        (await UnpackAsync()).ComplainedOf("does not exist; give a file that `viz pack` wrote");
        await File.WriteAllTextAsync(Archive, "", TestContext.Current.CancellationToken);
        await RefusedAsync("it ends in the middle of a header");
        await File.WriteAllBytesAsync(Archive, [.. Enumerable.Repeat((byte)7, 5000)], TestContext.Current.CancellationToken);
        await RefusedAsync("a header of the tar format is wrong");
        Write(list: null, tar => Add(tar, "spec.json", "s"));
        await RefusedAsync("it does not begin with the list pack.json");
        Write(list: null, tar => Add(tar, "pack.json", "[1]"));
        await RefusedAsync("its list pack.json is damaged");
        Write(list: null, tar => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "pack.json")));
        await RefusedAsync("is of an unknown kind");
        Write([("spec.json", "s")], entries: [("spec.json", "s")]);
        await RefusedAsync("it contains no atlas.db");
        Write(Plain, Plain);
        await RefusedAsync("cannot be read as a VizPipeline catalog");
    }

    [Fact]
    public async Task A_changed_or_missing_byte_anywhere_is_refused()
    {
        using var atlas = new FinishedAtlas();
        await atlas.MakeAsync();
        (await CommandLineRun.RunAsync("pack", atlas.Path, "--to", Archive)).Succeeded();
        var whole = await File.ReadAllBytesAsync(Archive, TestContext.Current.CancellationToken);
        var random = new Random(3);
        // The blocks of zeros at the end say nothing.
        var end = whole.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        for (var i = 0; i < 40; i++)
        {
            await File.WriteAllBytesAsync(Archive, whole[..random.Next(end)], TestContext.Current.CancellationToken);
            await RefusedAsync("cannot unpack");
        }
        foreach (var text in new[] { "\"sha256\"", "SQLite format 3", "IHDR", "\"neurons\"" })
        {
            var place = whole.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text));
            Assert.True(place > 0, text);
            byte[] changed = [.. whole];
            changed[place + 2] ^= 1;
            await File.WriteAllBytesAsync(Archive, changed, TestContext.Current.CancellationToken);
            await RefusedAsync("cannot unpack");
        }
        await File.WriteAllBytesAsync(Archive, whole, TestContext.Current.CancellationToken);
        (await UnpackAsync()).Succeeded();
    }

    [Fact]
    public async Task An_id_that_is_none_is_refused()
    {
        using var atlas = new FinishedAtlas();
        await atlas.MakeAsync();
        var database = await File.ReadAllBytesAsync(EmbeddedAtlas.CatalogFile(atlas.Path), TestContext.Current.CancellationToken);
        Write(new PackList("../other", new Dictionary<string, PackEntry>
        {
            ["atlas.db"] = new(ObjectHashes.Hash(database), database.Length),
            ["spec.json"] = new(ObjectHashes.Hash("s"u8), 1),
        }), tar =>
        {
            Add(tar, "spec.json", "s");
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "atlas.db") { DataStream = new MemoryStream(database) });
        });
        await RefusedAsync("do not agree on the id of the atlas");
    }

    [Fact]
    public async Task A_folder_with_files_is_left_alone()
    {
        using var atlas = new FinishedAtlas();
        await atlas.MakeAsync();
        (await CommandLineRun.RunAsync("pack", atlas.Path, "--to", Archive)).Succeeded();
        (await CommandLineRun.RunAsync("unpack", Archive, "--to", Archive)).ComplainedOf("is a file; give a folder");
        _files.Write("target/mine.txt", "mine");
        (await UnpackAsync()).ComplainedOf("is not empty");
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(Target).Select(Path.GetFileName));

        File.Delete(_files.File("target/mine.txt"));
        (await UnpackAsync()).Succeeded();
        Assert.True(File.Exists(_files.File("target/atlas.db")));
    }

    private static (string, string)[] Plain => [("spec.json", "s"), ("atlas.db", "d")];

    private static void Add(TarWriter tar, string name, string content) => tar.WriteEntry(
        new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });

    private void Write((string Name, string Content)[] listed, (string Name, string Content)[] entries) => Write(listed, tar =>
    {
        foreach (var (name, content) in entries)
            Add(tar, name, content);
    });

    private void Write((string Name, string Content)[] listed, Action<TarWriter> write) => Write(
        new PackList("sample", listed.ToDictionary(entry => entry.Name, entry => new PackEntry(
            ObjectHashes.Hash(Encoding.UTF8.GetBytes(entry.Content)), entry.Content.Length))),
        write);

    private void Write(PackList? list, Action<TarWriter> write)
    {
        using var stream = File.Create(Archive);
        using var tar = new TarWriter(stream, TarEntryFormat.Ustar);
        if (list is not null)
            Add(tar, PackList.Name, Encoding.UTF8.GetString(VizJson.Write(list)));
        write(tar);
    }

    private Task<CommandLineRun> UnpackAsync() => CommandLineRun.RunAsync("unpack", Archive, "--to", Target);

    private async Task RefusedAsync(string complaint)
    {
        (await UnpackAsync()).ComplainedOf("cannot unpack", complaint);
        Assert.Equal([Archive], Directory.EnumerateFileSystemEntries(_files.Path));
    }
}
