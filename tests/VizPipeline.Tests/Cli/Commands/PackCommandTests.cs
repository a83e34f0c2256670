using System.Formats.Tar;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Packing;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz pack</c>, and what <c>viz unpack</c> makes of its files.</summary>
public sealed class PackCommandTests : IDisposable
{
    private static readonly string[] FirstNames = ["pack.json", "manifest.json", "spec.json", "images.json", "objects.json", "atlas.db"];

    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly FinishedAtlas _atlas = new();
    private readonly TemporaryFolder _files = new();

    public void Dispose()
    {
        _atlas.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task An_atlas_moves_as_it_is()
    {
        await _atlas.MakeAsync();
        var file = _files.File("sample.viz.tar");

        var packed = (await CommandLineRun.RunAsync("pack", _atlas.Path, "--to", file, "--with-sources")).Succeeded();
        Assert.StartsWith($"Packing atlas 'sample' into {file}: ", packed.Output);
        Assert.Contains("without the tallies in scan/", packed.Output);
        var unpacked = (await CommandLineRun.RunAsync("unpack", file, "--to", _files.File("moved"))).Succeeded();
        Assert.StartsWith("Unpacking atlas 'sample' into ", unpacked.Output);

        Assert.Empty(await FinishedAtlas.FindFaultsAsync(_files.File("moved")));
        var (before, after) = (FinishedAtlas.ReadAll(_atlas.Path), FinishedAtlas.ReadAll(_files.File("moved")));
        Assert.DoesNotContain(after.Keys, name => name.StartsWith("scan/", StringComparison.Ordinal));
        foreach (var (name, content) in before.Where(
            pair => pair.Key is not ("atlas.db" or "manifest.json" or "objects.json" or "spec.json")
                && !pair.Key.StartsWith("scan/", StringComparison.Ordinal)))
            Assert.Equal(content, after[name]);
        foreach (var arguments in new string[][] { ["status"], ["query", "--layer", "conv1", "--format", "csv"] })
            Assert.Equal(
                (await CommandLineRun.RunAsync([arguments[0], _atlas.Path, .. arguments[1..]])).Succeeded().Output,
                (await CommandLineRun.RunAsync([arguments[0], _files.File("moved"), .. arguments[1..]])).Succeeded().Output);
        await FinishedAtlas.OpenPagesAsync(_files.File("moved"));
        Assert.Equal(["moved", "sample.viz.tar"], Directory.EnumerateFileSystemEntries(_files.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData()]
    [InlineData("--with-sources")]
    public async Task Packing_again_gives_the_same_bytes(params string[] options)
    {
        await _atlas.MakeAsync();
        (await CommandLineRun.RunAsync(["pack", _atlas.Path, "--to", _files.File("a.viz.tar"), .. options])).Succeeded();
        await Task.Delay(TimeSpan.FromSeconds(1.1), _cancellation);
        foreach (var name in Directory.EnumerateFiles(_atlas.Path, "*.png", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(name, DateTime.UnixEpoch);
        (await CommandLineRun.RunAsync(["pack", _atlas.Path, "--to", _files.File("b.viz.tar"), .. options])).Succeeded();

        Assert.True(File.ReadAllBytes(_files.File("a.viz.tar")).AsSpan().SequenceEqual(File.ReadAllBytes(_files.File("b.viz.tar"))));
    }

    [Fact]
    public async Task Any_tar_reader_reads_the_file()
    {
        await _atlas.MakeAsync();
        (await CommandLineRun.RunAsync("pack", _atlas.Path, "--to", _files.File("a.viz.tar"))).Succeeded();

        var names = new List<string>();
        await using var stream = File.OpenRead(_files.File("a.viz.tar"));
        await using var reader = new TarReader(stream);
        while (await reader.GetNextEntryAsync(copyData: false, _cancellation) is { } entry)
        {
            Assert.Equal(
                (TarEntryType.RegularFile, DateTimeOffset.UnixEpoch, 0, 0),
                (entry.EntryType, entry.ModificationTime, entry.Uid, entry.Gid));
            names.Add(entry.Name);
        }
        Assert.Equal(FirstNames, names.Take(FirstNames.Length));
        Assert.Equal(names.Skip(FirstNames.Length).Order(StringComparer.Ordinal), names.Skip(FirstNames.Length));
    }

    [Fact]
    public async Task Without_source_pixels_everything_agrees_that_they_are_gone()
    {
        await _atlas.MakeAsync();

        var packed = (await CommandLineRun.RunAsync("pack", _atlas.Path, "--to", _files.File("a.viz.tar"))).Succeeded();
        (await CommandLineRun.RunAsync("unpack", _files.File("a.viz.tar"), "--to", _files.File("public"))).Succeeded();

        Assert.Contains("without the top9 pictures, which show pixels of the image set: 11 files", packed.Output);
        Assert.Contains("without the contact sheets, which show pixels of the image set: 3 files", packed.Output);
        var names = FinishedAtlas.ReadAll(_files.File("public")).Keys;
        Assert.DoesNotContain(names, name => name.Contains("/top9/", StringComparison.Ordinal));
        Assert.DoesNotContain(names, name => name.StartsWith("sheets/", StringComparison.Ordinal));
        Assert.Contains(names, name => name.Contains("/deconv/", StringComparison.Ordinal));
        Assert.Empty(await FinishedAtlas.FindFaultsAsync(_files.File("public")));
        Assert.Equal(
            ["scan", "sheets", "top9"], FinishedAtlas.ReadManifest(_files.File("public")).Pruned!.Select(part => part.Part).Order());
        await FinishedAtlas.OpenPagesAsync(_files.File("public"));
        var opened = await StoredAtlas.OpenAsync(_files.File("public"), _cancellation);
        await using var catalog = opened.Database.Open();
        Assert.False(await catalog.Pictures.AnyAsync(picture => picture.Method == PictureMethod.Top9, _cancellation));
        Assert.False(await catalog.Layers.AnyAsync(layer => layer.SheetKey != null, _cancellation));
        Assert.True(await catalog.Patches.AnyAsync(_cancellation));
        // The atlas itself keeps them.
        Assert.Empty(await FinishedAtlas.FindFaultsAsync(_atlas.Path));
        Assert.Null(FinishedAtlas.ReadManifest(_atlas.Path).Pruned);
    }

    [Fact]
    public async Task No_path_or_machine_of_the_maker_is_in_the_file()
    {
        await _atlas.MakeAsync();
        string[] secrets = ["/home/maker", "secret-folder", "makers-host", "c-drive"];
        var store = FinishedAtlas.Store(_atlas.Path);
        var spec = FinishedAtlas.Spec with
        {
            Model = FinishedAtlas.Spec.Model with
            {
                Model = "/home/maker/secret-folder/my net.onnx",
                Weights = @"C:\c-drive\weights.safetensors",
            },
            Images = FinishedAtlas.Spec.Images with { Root = "/home/maker/secret-folder/photos/" },
        };
        const string error = "cannot read '/home/maker/secret-folder/my photos/a.png' on makers-host: at /home/maker/secret-folder/b.cs";
        var machine = new MachineFacts
        {
            Host = "makers-host",
            Device = "cpu",
            Processors = 2,
            Threads = 2,
            MemoryBytes = 3,
            Os = "Linux",
            Dotnet = "10",
            Libtorch = "2",
            Software = "1",
        };
        await store.PutAsync(AtlasKeys.Machine("sample", machine), VizJson.Write(machine), _cancellation);
        await store.PutAsync(AtlasKeys.Spec("sample"), VizJson.Write(spec), _cancellation);
        var images = VizJson.Read<ImageList>(await store.GetAsync(AtlasKeys.ImageList("sample"), _cancellation));
        await store.PutAsync(
            AtlasKeys.ImageList("sample"),
            VizJson.Write(images with { Images = [images.Images[0] with { Unreadable = error }, .. images.Images.Skip(1)] }),
            _cancellation);
        await _atlas.ChangeAsync(async catalog =>
        {
            await catalog.Atlases.ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Spec, System.Text.Encoding.UTF8.GetString(VizJson.Write(spec))), _cancellation);
            await catalog.Jobs.ExecuteUpdateAsync(
                set => set.SetProperty(job => job.Worker, "makers-host-17").SetProperty(job => job.FailedOn, "makers-host-17")
                    .SetProperty(job => job.Error, error), _cancellation);
            await catalog.Images.Where(image => image.ImageIndex == 0).ExecuteUpdateAsync(
                set => set.SetProperty(image => image.UnreadableReason, error), _cancellation);
            catalog.Add(new WorkerNode
            {
                Name = "makers-host-17",
                Host = "makers-host",
                Device = "cpu",
                SoftwareVersion = "1",
                Kinds = "",
            });
            await catalog.SaveChangesAsync(_cancellation);
        });
        string[] command = [
            "run", "--model", "/home/maker/secret-folder/my net.onnx", "--images=/home/maker/secret-folder/photos", "--layers",
            "fire/merge", "--class-names", "../secret-folder/names.txt", "--dictionary", "conv1=/home/maker/secret-folder/sae.npz,name=a",
        ];
        await store.PutAsync(
            AtlasKeys.Manifest("sample"), VizJson.Write(FinishedAtlas.ReadManifest(_atlas.Path) with
            {
                Spec = spec,
                Command = command,
                Revisions = [new AtlasRevision("ab", AtlasMethods.Top9, null, "1", command)],
                Machines = [machine],
                Failures = [new ManifestFailure(JobKind.Scan, 1, error)],
                ObjectsSha256 = await ObjectHashes.WriteListAsync(store, "sample", _cancellation),
            }),
            _cancellation);

        foreach (var options in new string[][] { [], ["--with-sources"] })
        {
            var (file, folder) = (_files.File($"a{options.Length}.viz.tar"), _files.File($"unpacked{options.Length}"));
            (await CommandLineRun.RunAsync(["pack", _atlas.Path, "--to", file, .. options])).Succeeded();
            (await CommandLineRun.RunAsync("unpack", file, "--to", folder)).Succeeded();
            AssertNone(await File.ReadAllBytesAsync(file, _cancellation), file);
            foreach (var (name, content) in FinishedAtlas.ReadAll(folder))
                AssertNone(content, name);
            Assert.Empty(await FinishedAtlas.FindFaultsAsync(folder));
            var packed = FinishedAtlas.ReadManifest(folder);
            Assert.Equal(
                ["run", "--model", "my net.onnx", "--images=photos", "--layers", "fire/merge", "--class-names", "names.txt", "--dictionary",
                    "conv1=sae.npz,name=a"], packed.Command!);
            Assert.Equal(packed.Command, packed.Revisions[0].Command);
            Assert.Equal(
                ("my net.onnx", "weights.safetensors", "photos"),
                (packed.Spec.Model.Model, packed.Spec.Model.Weights, packed.Spec.Images.Root));
            Assert.Equal("cannot read 'a.png' on machine-1: at b.cs", packed.Failures[0].Error);
            Assert.Equal("machine-1", packed.Machines[0].Host);
        }
        var site = _files.File("site");
        (await CommandLineRun.RunAsync("export", _atlas.Path, "--format", "site", "--to", site)).Succeeded();
        (await CommandLineRun.RunAsync("card", _atlas.Path, "--to", Path.Combine(site, "README.md"))).Succeeded();
        foreach (var (name, content) in FinishedAtlas.ReadAll(site))
            AssertNone(content, name);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_files.Path), name => name.EndsWith(".tmp", StringComparison.Ordinal));

        void AssertNone(byte[] content, string name) => Assert.All(secrets, secret => Assert.True(
            content.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(secret)) < 0, $"{name} contains '{secret}'"));
    }

    [Fact]
    public async Task Files_of_others_stay_behind()
    {
        await _atlas.MakeAsync();
        foreach (var name in new[] { "notes.txt", "pictures/conv1/deconv/private.png" })
            await File.WriteAllTextAsync(_atlas.File(name), "private", _cancellation);

        var packed = (await CommandLineRun.RunAsync("pack", _atlas.Path, "--to", _files.File("a.viz.tar"))).Succeeded();
        (await CommandLineRun.RunAsync("unpack", _files.File("a.viz.tar"), "--to", _files.File("moved"))).Succeeded();

        Assert.Contains("without 2 files that the atlas did not write", packed.Output);
        Assert.DoesNotContain(
            FinishedAtlas.ReadAll(_files.File("moved")).Keys,
            name => name.Contains("private", StringComparison.Ordinal) || name.Contains("notes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_packed_is_one_line_and_no_file()
    {
        await _atlas.MakeAsync();
        var file = _files.File("a.viz.tar");
        (await PackAsync(_atlas.Path)).ComplainedOf("is a folder; give a file");
        (await PackAsync(_atlas.File("a.viz.tar"))).ComplainedOf("is in the folder of the atlas");
        await using (await _atlas.Database.TryLeadAsync(_cancellation))
            (await PackAsync(file)).ComplainedOf("another process works on atlas 'sample'");
        var sheet = _atlas.File("sheets/conv1.png");
        var content = await File.ReadAllBytesAsync(sheet, _cancellation);
        await File.WriteAllTextAsync(sheet, "x", _cancellation);
        (await PackAsync(file, "--with-sources")).ComplainedOf("sheets/conv1.png of atlas 'sample' has changed since the run");
        File.Delete(sheet);
        (await PackAsync(file, "--with-sources")).ComplainedOf("sheets/conv1.png of atlas 'sample' is missing");
        await File.WriteAllBytesAsync(sheet, content, _cancellation);
        await _atlas.ChangeAsync(catalog => catalog.Atlases.ExecuteUpdateAsync(
            set => set.SetProperty(atlas => atlas.State, AtlasState.Running), _cancellation));
        (await PackAsync(file)).ComplainedOf("is not finished");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_files.Path));

        Task<CommandLineRun> PackAsync(string target, params string[] options) =>
            CommandLineRun.RunAsync(["pack", _atlas.Path, "--to", target, .. options]);
    }

    [Fact]
    public async Task Notes_are_packed_only_if_asked_for()
    {
        await _atlas.MakeAsync();
        Assert.Contains("no neurons in lists", (await CommandLineRun.RunAsync("notes", _atlas.Path)).Succeeded().Output);
        var lists = new NeuronLists(new SqliteCatalogDatabase(Path.Combine(_atlas.Path, "atlas.db")).Notes, TimeProvider.System);
        var (list, _) = await lists.CreateAsync("sample", "Eyes", _cancellation);
        await lists.PutAsync("sample", list.Id, "conv1", 2, "round", _cancellation);
        Assert.Empty(await FinishedAtlas.FindFaultsAsync(_atlas.Path));

        var (with, without) = (_files.File("with.viz.tar"), _files.File("without.viz.tar"));
        var packed = (await CommandLineRun.RunAsync("pack", _atlas.Path, "--to", without)).Succeeded();
        Assert.Contains("without lists and notes (--with-notes includes them)", packed.Output);
        Assert.DoesNotContain("did not write", packed.Output);
        (await CommandLineRun.RunAsync("pack", _atlas.Path, "--to", with, "--with-notes")).Succeeded();
        foreach (var file in new[] { with, without })
            (await CommandLineRun.RunAsync("unpack", file, "--to", file + ".folder")).Succeeded();
        Assert.False(File.Exists(Path.Combine(without + ".folder", "notes.db")));
        Assert.Contains(
            $"{list.Id},Eyes,conv1,2,round,",
            (await CommandLineRun.RunAsync("notes", with + ".folder", "--format", "csv")).Succeeded().Output);
        (await CommandLineRun.RunAsync("notes", _atlas.Path, "--list", "x")).ComplainedOf("the atlas has no such list");
        (await CommandLineRun.RunAsync("notes", _atlas.Path, "--list", list.Id, "--add", "logits:1", "--note", "mine")).Succeeded();
        (await CommandLineRun.RunAsync("notes", _atlas.Path, "--list", list.Id, "--remove", "conv1:2")).Succeeded();
        (await CommandLineRun.RunAsync("notes", _atlas.Path, "--list", list.Id, "--add", "logits:2")).ComplainedOf("has no neuron 2");
        Assert.Contains(
            $"{list.Id},Eyes,logits,1,mine,",
            (await CommandLineRun.RunAsync("notes", _atlas.Path, "--format", "csv")).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_leaves_no_file_and_keeps_an_older_one()
    {
        await _atlas.MakeAsync();
        var file = _files.Write("a.viz.tar", "older");
        using var stop = new CancellationTokenSource();
        using (var pack = await AtlasPack.PlanAsync(
            await StoredAtlas.OpenAsync(_atlas.Path, _cancellation), file, withSources: true, withNotes: false,
            cancellation: _cancellation))
        {
            await stop.CancelAsync();
            Assert.Throws<OperationCanceledException>(() => pack.Write(stop.Token));
        }
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(_files.Path));
        Assert.Equal("older", await File.ReadAllTextAsync(file, _cancellation));
    }
}
