using Microsoft.EntityFrameworkCore;
using VizPipeline.ActivationStore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.ObjectStore;
using ImageEntry = VizPipeline.Jobs.ImageEntry;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz annotate</c>.</summary>
public sealed class AnnotateCommandTests : IDisposable
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly AtlasFolder _atlas = new();
    private readonly TemporaryFolder _files = new();

    public void Dispose()
    {
        _atlas.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task Other_names_keep_what_was_computed()
    {
        await FinishAsync();
        var names = _files.Write("names.txt", "dog\ncat\n");
        var store = new FolderObjectStore(_atlas.Path, AtlasKeys.Root("sample"));
        await ClassMeans.PutAsync(store, "sample", "logits", [(0, 4, [8.0, 0]), (1, 6, [6.0, 0])], 2, _cancellation);

        var run = (await CommandLineRun.RunAsync("annotate", _atlas.Path, "--class-names", names)).Succeeded();

        Assert.Equal(
            "Classes: 10 of 10 images in 2 classes\nOutputs: 2 have names; contact sheets keep the old ones\n", run.Output);
        var (spec, neuron) = await ReadAsync();
        // Both classes are outputs now, so they have the outputs' numbers: the cat, which was 0, is 1.
        Assert.Equal(["dog", "cat"], spec.Images.Classes);
        Assert.Equal(["dog", "cat"], spec.OutputNames);
        Assert.Equal((1, 0.2, 0.3), (neuron.BestClass, neuron.BestClassMean, neuron.ClassSelectivity));
        Assert.Equal("dog", neuron.Name);
        // So are the means of all classes.
        Assert.Equal(
            "class,class_index,images,mean\ncat,1,4,2\ndog,0,6,1\n",
            (await CommandLineRun.RunAsync("store", "classes", _atlas.Path, "logits:0", "--format", "csv")).Succeeded().Output);
        await using var catalog = _atlas.Database.Open();
        Assert.Equal(
            [1, 0, 1], await catalog.Images.OrderBy(image => image.ImageIndex).Take(3).Select(image => image.Label!.Value)
                .ToListAsync(_cancellation));
        Assert.Equal(
            ["dog", "cat"], await catalog.ImageClasses.OrderBy(known => known.ClassIndex).Select(known => known.Name)
                .ToListAsync(_cancellation));
    }

    [Fact]
    public async Task Other_classes_change_those_of_the_patches_and_clear_what_needs_the_images()
    {
        await FinishAsync();
        var store = new FolderObjectStore(_atlas.Path, AtlasKeys.Root("sample"));
        await ClassMeans.PutAsync(store, "sample", "logits", [(0, 4, [8.0, 0]), (1, 6, [6.0, 0])], 2, _cancellation);
        var labels = _files.Write("labels.csv", string.Concat(Enumerable.Range(5, 5).Select(i => $"{AtlasFolder.ImageName(i)}\tlate\n")));

        var run = (await CommandLineRun.RunAsync("annotate", _atlas.Path, "--labels", labels)).Succeeded();

        Assert.StartsWith("Classes: 5 of 10 images in 1 class\n", run.Output);
        Assert.Contains("Cleared best_class, best_class_mean and class_selectivity", run.Output);
        var (spec, neuron) = await ReadAsync();
        Assert.Equal(["late"], spec.Images.Classes);
        Assert.Equal((null, null, null), (neuron.BestClass, neuron.BestClassMean, neuron.ClassSelectivity));
        // Ranks 1 to 9 of channel 0 are images 1 to 9, of which 5 to 9 are late.
        Assert.Equal([0, 0, 0, 0, 0], neuron.TopClasses!);
        Assert.Equal(1.0, neuron.TopPurity);
        (await CommandLineRun.RunAsync("store", "classes", _atlas.Path, "logits:0")).ComplainedOf("has no class means");
        await using var catalog = _atlas.Database.Open();
        Assert.Equal(5, await catalog.Images.CountAsync(image => image.Label == 0, _cancellation));
    }

    [Fact]
    public async Task The_list_of_objects_still_agrees()
    {
        using var atlas = new FinishedAtlas();
        await atlas.MakeAsync();
        var names = _files.Write("names.txt", "dog\ncat\n");
        var labels = _files.Write("labels.csv", string.Concat(Enumerable.Range(5, 5).Select(i => $"{AtlasFolder.ImageName(i)}\tcat\n")));

        (await CommandLineRun.RunAsync("annotate", atlas.Path, "--class-names", names, "--labels", labels)).Succeeded();

        Assert.Empty(await FinishedAtlas.FindFaultsAsync(atlas.Path));
        // Sums per class that more images would be added to are of the earlier classes.
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(atlas.Path, "scan"), "*.safetensors", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_kill_at_any_step_leaves_the_old_atlas_or_the_new_one(bool renames)
    {
        var names = renames ? ClassNames.Load(_files.Write("names.txt", "dog\ncat\n")) : null;
        var labels = renames ? null : LabelFile.Load(
            _files.Write("labels.csv", string.Concat(Enumerable.Range(5, 5).Select(i => $"{AtlasFolder.ImageName(i)}\tlate\n"))));
        var (old, annotated, outcomes) = (await MakeAsync(), await MakeAsync(), new List<bool>());
        await AtlasAnnotation.WriteAsync(await StoredAtlas.OpenAsync(annotated.Path, _cancellation), names, labels, _cancellation);
        var (before, after) = (await StateAsync(old.Path), await StateAsync(annotated.Path));
        Assert.NotEqual(before, after);
        for (var (step, done) = (0, false); !done; step++)
        {
            using var killed = await MakeAsync();
            var atlas = await StoredAtlas.OpenAsync(killed.Path, _cancellation);
            var store = new EndingStore(atlas.OpenStore(), step);
            try
            {
                await AtlasAnnotation.WriteAsync(atlas, names, labels, _cancellation, store);
                done = true;
            }
            catch (OperationCanceledException)
            {
                // As a killed process does, it has cleaned up nothing.
            }
            var state = await StateAsync(killed.Path);
            Assert.True(state == before || state == after, $"after {step} writes the atlas is neither the old one nor the new one");
            outcomes.Add(state == after);
            Assert.Empty(await FinishedAtlas.FindFaultsAsync(killed.Path));
        }
        // Old ones first, and kills both before and after the catalog changed.
        Assert.Equal(outcomes.Order(), outcomes);
        Assert.InRange(outcomes.Count(isNew => isNew), 5, outcomes.Count - 5);
        old.Dispose();
        annotated.Dispose();

        async Task<FinishedAtlas> MakeAsync()
        {
            var atlas = await new FinishedAtlas().MakeAsync();
            var store = FinishedAtlas.Store(atlas.Path);
            await ClassMeans.PutAsync(store, "sample", "logits", [(0, 4, [8.0, 0]), (1, 6, [6.0, 0])], 2, _cancellation);
            await ObjectHashes.WriteListAsync(store, "sample", _cancellation);
            var list = ObjectHashes.Hash(await store.GetAsync(AtlasKeys.ObjectList("sample"), _cancellation));
            await store.PutAsync(
                AtlasKeys.Manifest("sample"), VizJson.Write(FinishedAtlas.ReadManifest(atlas.Path) with { ObjectsSha256 = list }),
                _cancellation);
            return atlas;
        }

        // Opened as any command does, and then all files and what the catalog says about classes.
        async Task<string> StateAsync(string folder)
        {
            var atlas = await StoredAtlas.OpenAsync(folder, _cancellation);
            await using var catalog = atlas.Database.Open();
            var rows = await catalog.Images.AsNoTracking().OrderBy(image => image.ImageIndex).Select(image => image.Label)
                .ToListAsync(_cancellation);
            var neurons = await catalog.Neurons.AsNoTracking().OrderBy(neuron => neuron.LayerId).ThenBy(neuron => neuron.Channel)
                .Select(neuron => new { neuron.Name, neuron.BestClass, neuron.TopPurity }).ToListAsync(_cancellation);
            var files = FinishedAtlas.ReadAll(folder).Where(file => !file.Key.StartsWith("atlas.db", StringComparison.Ordinal))
                .Select(file => $"{file.Key} {ObjectHashes.Hash(file.Value)}");
            return $"{atlas.Row.Spec}\n{string.Join(',', rows)}\n{string.Join(',', neurons)}\n{string.Join('\n', files)}";
        }
    }

    [Fact]
    public async Task What_cannot_be_annotated_is_one_line()
    {
        await _atlas.PlanAsync();
        (await CommandLineRun.RunAsync("annotate", _atlas.Path)).ComplainedOf("give --class-names, --labels, or both");
        var names = _files.Write("names.txt", "dog\ncat\n");
        (await CommandLineRun.RunAsync("annotate", _atlas.Path, "--class-names", names)).ComplainedOf("is not finished");
    }

    [Fact]
    public async Task An_atlas_that_is_being_extended_is_left_alone()
    {
        await FinishAsync();
        var names = _files.Write("names.txt", "dog\ncat\n");
        await using var other = await _atlas.Database.TryLeadAsync(_cancellation);

        (await CommandLineRun.RunAsync("annotate", _atlas.Path, "--class-names", names)).ComplainedOf("another process works on atlas");
    }

    // Ends after a number of writes.
    private sealed class EndingStore(IObjectStore inner, int writes) : PassingStore(inner)
    {
        private int _left = writes;

        public override Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default) =>
            Write(() => base.PutAsync(key, content, cancellation));

        public override Task PutFileAsync(string key, string file, CancellationToken cancellation = default) =>
            Write(() => base.PutFileAsync(key, file, cancellation));

        public override Task DeleteAsync(string key, CancellationToken cancellation = default) =>
            Write(() => base.DeleteAsync(key, cancellation));

        private Task Write(Func<Task> write) => _left-- > 0 ? write() : throw new OperationCanceledException("killed");
    }

    private async Task FinishAsync()
    {
        await (await _atlas.PlanAsync()).CompleteAsync(group => group.Kind == JobKind.Merge);
        await _atlas.ChangeAsync(catalog => catalog.Atlases.ExecuteUpdateAsync(
            set => set.SetProperty(atlas => atlas.State, AtlasState.Completed), _cancellation));
        var images = new ImageList([.. Enumerable.Range(0, 10).Select(i => new ImageEntry(AtlasFolder.ImageName(i), i % 2))]);
        await new FolderObjectStore(_atlas.Path, AtlasKeys.Root("sample"))
            .PutAsync(AtlasKeys.ImageList("sample"), VizJson.Write(images), _cancellation);
    }

    private async Task<(AtlasSpec Spec, Neuron Neuron)> ReadAsync()
    {
        await using var catalog = _atlas.Database.Open();
        var atlas = await catalog.Atlases.SingleAsync(_cancellation);
        var spec = VizJson.Read<AtlasSpec>(
            await File.ReadAllBytesAsync(Path.Combine(_atlas.Path, "spec.json"), _cancellation));
        Assert.Equal((spec.Hash(), atlas.SpecHash), (atlas.ReadSpec().Hash(), spec.Hash()));
        var logits = (await catalog.LayersAsync(atlas.Id, _cancellation)).Single(layer => layer.Name == "logits");
        return (spec, await catalog.Neurons.SingleAsync(neuron => neuron.LayerId == logits.Id && neuron.Channel == 0, _cancellation));
    }
}
