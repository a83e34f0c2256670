using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Torch;

namespace VizPipeline.Tests.Methods.GradientAscent;

/// <summary>The way back of a linear map A is its transpose, which is what &lt;A x, y&gt; = &lt;x, A' y&gt; says.</summary>
public class ViewsTests
{
    public ViewsTests() => TorchRuntime.Start();

    public static TheoryData<string, double> Cases => new()
    {
        { "jitter", 1e-4 }, { "scale", 1e-4 }, { "pad", 1e-4 }, { "crop", 1e-4 }, { "all but rotation", 1e-4 },
        // A rotation goes back by the opposite rotation, which is its transpose but for the interpolation.
        { "rotate", 0.03 }, { "all", 0.03 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_way_back_is_the_transpose(string name, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        var (x, y) = (Smooth(1, 2, 24, 20), Smooth(2, 2 * Views.PerImage(Of(name)), 24, 20));
        for (var step = 0; step < 5; step++)
        {
            var views = Views.Draw(Of(name), [new SplitMix(1, 2), new SplitMix(1, 3)], step, 7, (3, 24, 20), torch.zeros(1, 3, 1, 1));
            var (forward, back) = ((views.Apply(x) * y).sum().item<float>(), (views.Back(y) * x).sum().item<float>());
            Assert.Equal(forward, back, tolerance * Math.Sqrt(x.square().sum().item<float>() * y.square().sum().item<float>()));
        }
    }

    [Fact]
    public void Without_a_change_the_image_stays_as_it_is()
    {
        using var scope = torch.NewDisposeScope();
        var images = Smooth(1, 2, 24, 20);
        var same = Views.Draw(
            [new Scale(1, 1), new Jitter(0)], [new SplitMix(1, 2), new SplitMix(1, 3)], 0, 7, (3, 24, 20), torch.zeros(1, 3, 1, 1));
        Assert.True((same.Apply(images) - images).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void Outside_the_image_it_is_grey_and_a_crop_shows_a_part()
    {
        using var scope = torch.NewDisposeScope();
        var grey = torch.tensor(new float[] { 9, 8, 7 }, [1, 3, 1, 1]);
        var white = torch.full([1, 3, 224, 224], 100f);
        var padded = Views.Draw([new Pad(24)], [new SplitMix(1, 2)], 0, 7, (3, 224, 224), grey).Apply(white);
        Assert.Equal(
            (9f, 7f, 100f), (padded[0, 0, 2, 2].item<float>(), padded[0, 2, 2, 2].item<float>(), padded[0, 0, 112, 112].item<float>()));
        // A ramp over columns: its range over a crop is the crop's width.
        var ramp = torch.arange(224, dtype: torch.float32).reshape(1, 1, 1, 224).expand(1, 3, 224, 224);
        var crops = Views.Draw([new Crop(0.25, 0.25, 0.1, 5)], [new SplitMix(1, 2)], 0, 7, (3, 224, 224), grey).Apply(ramp);
        Assert.Equal(5, crops.shape[0]);
        var ranges = (crops.amax([1, 2, 3]) - crops.amin([1, 2, 3])).data<float>().ToArray();
        Assert.All(ranges, range => Assert.InRange(range, 53, 57));
    }

    [Fact]
    public void Turning_by_a_quarter_of_the_range_moves_a_corner_as_sine_and_cosine_say()
    {
        using var scope = torch.NewDisposeScope();
        var image = torch.zeros(1, 1, 101, 101);
        // A blob 40 to the right of the centre.
        for (var row = -2; row <= 2; row++)
        {
            for (var column = -2; column <= 2; column++)
                image[0, 0, 50 + row, 90 + column] = 1f;
        }
        // Jitter of the other axis is drawn too, so the angle is read from the frame.
        var random = new SplitMix(4, 5).At(0);
        var frame = new ViewFrame(101, 101, 1);
        new Rotate(40).Draw(ref frame, ref random);
        var turned = Views.Draw([new Rotate(40)], [new SplitMix(4, 5)], 0, 7, (1, 101, 101), torch.zeros(1, 1, 1, 1)).Apply(image)[0, 0];
        var total = turned.sum();
        var row2 = ((turned.sum([1]) * torch.arange(101, dtype: torch.float32)).sum() / total).item<float>();
        var column2 = ((turned.sum([0]) * torch.arange(101, dtype: torch.float32)).sum() / total).item<float>();
        var radians = frame.Degrees * Math.PI / 180;
        Assert.True(Math.Abs(frame.Degrees) > 3);
        Assert.Equal(50 + (40 * Math.Cos(radians)), column2, 0.5);
        Assert.Equal(50 - (40 * Math.Sin(radians)), row2, 0.5);
    }

    private static IReadOnlyList<Transformation> Of(string name) => name switch
    {
        "jitter" => [new Jitter(60)],
        "scale" => [new Scale(0.6, 1.7)],
        "pad" => [new Pad(30)],
        "crop" => [new Crop(0.2, 0.7, 0.2, 3)],
        "rotate" => [new Rotate(10)],
        "all but rotation" => [new Pad(12), new Jitter(8), new Scale(0.9, 1.1), new Jitter(4)],
        _ => [new Pad(12), new Jitter(8), new Scale(0.9, 1.1), new Rotate(10, 0.2), new Jitter(4)],
    };

    // Waves, as what interpolation changes least is smooth.
    private static torch.Tensor Smooth(int seed, int count, int height, int width)
    {
        var random = new Random(seed);
        var values = new float[count * 3 * height * width];
        for (var plane = 0; plane < count * 3; plane++)
        {
            var (a, b, c) = (random.NextDouble() * 0.4, random.NextDouble() * 0.4, random.NextDouble() * 6);
            for (var i = 0; i < height * width; i++)
                values[(plane * height * width) + i] = (float)(Math.Sin(
                    (a * (i / width)) + (b * (i % width)) + c) + random.NextDouble() - 0.5);
        }
        return torch.tensor(values, [count, 3, height, width]);
    }
}
