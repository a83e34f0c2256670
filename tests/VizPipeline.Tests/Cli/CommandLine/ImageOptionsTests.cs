using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;

namespace VizPipeline.Tests.Cli.CommandLine;

/// <summary>Tests which images the options of <c>run</c> and <c>submit</c> select.</summary>
public sealed class ImageOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ImageOptionsTests()
    {
        for (var i = 0; i < 30; i++)
            _folder.Write($"set/{"abc"[i % 3]}/{i:D2}.png", Png.Encode(new RgbImage(1, 1, [(byte)i, 0, 0])));
        _folder.Write("bare/1.png", Png.Encode(new RgbImage(1, 1, [1, 2, 3])));
        _folder.Write("list.txt", "set/a/00.png x\nset/b/01.png y\n");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("set", "", 30, "")]
    [InlineData("set", "--limit 4", 4, "the first 4")]
    [InlineData("set", "--per-class 2 --sample-seed 3", 6, "2 of each class, seed 3")]
    [InlineData("set", "--classes a,c --sample 5", 5, "classes a, c; 5 drawn, seed 0")]
    [InlineData("list.txt", "--classes y", 1, "classes y")]
    public void Parts_of_a_set_are_chosen_and_told(string images, string options, int count, string told)
    {
        var chosen = Choose(images, options);
        Assert.Equal((count, told), (chosen.Manifest.Entries.Count, chosen.Selection));
        Assert.Equal(chosen.Manifest.Hash, Choose(images, options).Manifest.Hash);
        Assert.Equal(images == "set" ? Path.Combine(_folder.Path, "set") : _folder.Path, chosen.Root);
    }

    [Theory]
    [InlineData("--limit 0", "--limit must be 1 or more")]
    [InlineData("--per-class -3", "--per-class must be 1 or more")]
    [InlineData("--sample-seed 3", "--sample-seed has no effect by itself")]
    public void Wrong_numbers_are_named(string options, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => Choose("set", options)).Message);

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    public void No_class_is_not_all_of_them(string classes) =>
        Assert.Contains("--classes is empty", Assert.Throws<UsageException>(() => Choose("set", "--classes", classes)).Message);

    [Fact]
    public void Commas_with_a_blank_behind_them_belong_to_a_class()
    {
        _folder.Write("labels.csv", "a/00.png\tant, small\nb/01.png\tb\n");
        Assert.Equal(
            ["ant, small", "b"],
            Choose("set", "--classes", "ant, small,b", "--labels", Path.Combine(_folder.Path, "labels.csv")).Manifest.Classes);
        Assert.Contains("has no class 'd'; it has a, b, c", Assert.Throws<ImageSetException>(() => Choose("set", "--classes d")).Message);
    }

    [Fact]
    public void How_many_images_have_a_class_is_told()
    {
        var set = Choose("set", "--limit 20").Manifest;
        Assert.Equal("Classes: 20 of 20 images in 2 classes", ClassReport.Describe(set, null));
        Assert.Equal(
            "Classes: 20 of 20 images in 2 classes; 1 of them is not in --class-names, so that all keep their own numbers (b)",
            ClassReport.Describe(set, new ClassNames([new(0, null, "a")])));
        Assert.StartsWith("Classes: no image has one;", ClassReport.Describe(Choose("bare").Manifest, null));
    }

    private ChosenImages Choose(string images, params string[] options)
    {
        var (command, chooser) = (new Command("run"), new ImageOptions());
        chooser.AddTo(command);
        string[] words = options.Length == 1 ? options[0].Split(' ', StringSplitOptions.RemoveEmptyEntries) : options;
        return chooser.Choose(
            command.Parse(["--images", Path.Combine(_folder.Path, images), .. words]), null, TestContext.Current.CancellationToken);
    }
}
