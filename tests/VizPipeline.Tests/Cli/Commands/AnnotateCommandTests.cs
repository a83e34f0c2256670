using Microsoft.EntityFrameworkCore;
using VizPipeline.ActivationStore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

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
