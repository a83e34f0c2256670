using VizPipeline.Images;
using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;
using VizPipeline.Samples;

namespace VizPipeline.Tests.Samples;

/// <summary>The program of docs/samples compiles against the packages' public members and runs.</summary>
public sealed class DeconvolveTests
{
    [Fact]
    public void The_sample_program_lists_layers_and_draws_a_deconvolution()
    {
        using var folder = new TemporaryFolder();
        var model = SampleNetwork.WriteTo(folder.Path);
        var (image, output) = (Path.Combine(folder.Path, "image.png"), Path.Combine(folder.Path, "deconvolution.png"));
        File.WriteAllBytes(image, Png.Encode(PictureGenerator.Draw(1, 3).Image));
        using var log = new StringWriter();

        Deconvolve.Run(model, image, "conv3", 5, output, log);

        Assert.Contains("conv1: Conv, 32x", log.ToString(), StringComparison.Ordinal);
        Assert.Contains("activation ", log.ToString(), StringComparison.Ordinal);
        Assert.True(Png.Decode(File.ReadAllBytes(output)).Width > 20);
    }
}
