using VizPipeline.Images;
using VizPipeline.Tests.Images;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>Real-world image sets: some files are not images, and the run continues without them.</summary>
[Collection(VizProcesses.Name)]
public sealed class BadImageTests(SampleMaterial material) : IDisposable
{
    private readonly TemporaryFolder _images = new();

    public void Dispose() => _images.Dispose();

    [Fact]
    public async Task Unreadable_images_are_listed_with_reasons_and_the_run_completes()
    {
        var good = Directory.GetFiles(material.Images, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(12)
            .ToArray();
        foreach (var file in good)
            _images.Write(Path.GetFileName(file), await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        _images.Write("truncated.jpg", (await File.ReadAllBytesAsync(good[0], TestContext.Current.CancellationToken))[..^900]);
        _images.Write("words.jpg", "These are words.");
        _images.Write("dot.png", Png.Encode(new RgbImage(1, 1, [200, 30, 40])));
        _images.Write("grey.jpg", Fixtures.All["Jpeg_grey"].File);

        var atlas = material.Out("bad-images");
        var result = await VizProcess.Run(
            "run", "--model", material.Model, "--images", _images.Path, "--layers", "conv1",
            "--methods", "top9", "--cache", "none", "--out", atlas);

        Assert.True(result.ExitCode == 0, result.Error);
        var reasons = (await new FinishedAtlas(atlas).Unreadable()).ToDictionary(image => image.Path, image => image.UnreadableReason);
        Assert.Equal(["truncated.jpg", "words.jpg"], reasons.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("the file ends before the picture does", reasons["truncated.jpg"]);
        Assert.Equal("it is not a JPEG, PNG, WebP, BMP or GIF file", reasons["words.jpg"]);
    }

    [Fact]
    public async Task A_set_without_a_readable_image_is_refused_before_the_run()
    {
        _images.Write("a.jpg", "These are words.");
        _images.Write("b.jpg", "");
        var atlas = material.Out("no-image");
        var result = await VizProcess.Run(
            "run", "--model", material.Model, "--images", _images.Path, "--layers", "conv1", "--methods", "top9", "--out", atlas);

        Assert.Equal(2, result.ExitCode);
        Assert.Equal(
            $"viz: image set {_images.Path}: not one of its 2 images can be read: a.jpg: it is not a JPEG, PNG, WebP, BMP or GIF file; "
            + "b.jpg: the file is empty\n", result.Error);
        Assert.False(Directory.Exists(atlas));
    }

    [Fact]
    public async Task Names_of_another_number_than_the_outputs_are_refused_with_both()
    {
        _images.Write("names.txt", "cat\ndog\n");
        var result = await VizProcess.Run(
            "run", "--model", material.Model, "--images", material.Images, "--class-names", Path.Combine(_images.Path, "names.txt"),
            "--out", material.Out("two-names"));

        Assert.Equal(2, result.ExitCode);
        Assert.Matches("^viz: --class-names '.+names.txt' has 2 names, but the network has 20 outputs\n$", result.Error);
    }
}
