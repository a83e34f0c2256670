using VizPipeline.Sample.Pictures;

namespace VizPipeline.Tests.Sample;

public sealed class PictureFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("viz-pictures-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_class_has_its_folder_and_its_pictures()
    {
        var count = PictureGenerator.Classes.Count;

        Assert.Equal(2 * count, Generate(2 * count));

        foreach (var name in PictureGenerator.Classes)
            Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, name), "*.jpg").Length);
    }

    [Fact]
    public void An_interrupted_set_is_finished_and_what_is_there_is_kept()
    {
        Generate(40);
        var files = Directory.GetFiles(_folder, "*.jpg", SearchOption.AllDirectories);
        var whole = files.ToDictionary(file => file, File.ReadAllBytes);
        File.Delete(files[3]);
        File.WriteAllText(files[5], "kept as it is");

        Assert.Equal(1, Generate(40));

        Assert.Equal(whole[files[3]], File.ReadAllBytes(files[3]));
        Assert.Equal("kept as it is", File.ReadAllText(files[5]));
    }

    [Fact]
    public void A_larger_count_only_adds()
    {
        Generate(10);

        Assert.Equal(5, Generate(15));
    }

    [Fact]
    public void Another_seed_in_the_same_folder_is_refused_by_name()
    {
        Generate(1);

        var fault = Assert.Throws<InvalidOperationException>(() => Generate(1, seed: 2));

        Assert.Contains("seed 1, not 2", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_stops_it_and_leaves_no_partial_file()
    {
        using var cancel = new CancellationTokenSource();
        var progress = new Told(there => { if (there == 5) cancel.Cancel(); });

        Assert.ThrowsAny<OperationCanceledException>(() => PictureFolder.Generate(_folder, 100_000, 1, progress, cancel.Token));

        Assert.Empty(Directory.GetFiles(_folder, "*.part", SearchOption.AllDirectories));
    }

    private int Generate(int count, long seed = 1)
        => PictureFolder.Generate(_folder, count, seed, cancellation: TestContext.Current.CancellationToken);

    private sealed class Told(Action<int> act) : IProgress<int>
    {
        public void Report(int value) => act(value);
    }
}
