using System.Numerics;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Torch;

namespace VizPipeline.Tests.Methods.GradientAscent;

public class SpectralImagesTests
{
    private const int Height = 7;
    private const int Width = 6;
    private static readonly PixelScale Pixels = new([1, 1, 1], [0, 0, 0], [120, 115, 105]);

    // docs/methods.md, section 3; row = R, G, B.
    private static readonly double[,] Colours = { { 0.26, 0.09, 0.02 }, { 0.27, 0.00, -0.05 }, { 0.27, -0.09, 0.03 } };

    public SpectralImagesTests() => TorchRuntime.Start();

    [Theory]
    [InlineData(false), InlineData(true)]
    public void A_fourier_image_is_what_the_formula_says(bool isBgr)
    {
        using var scope = torch.NewDisposeScope();
        var batch = Batch(AscentPresets.Fourier with { Parametrization = new FourierParametrization(0.5) }, isBgr);
        var spectrum = new float[3 * Height * 4 * 2];
        new SplitMix(3, 4).FillNormal(spectrum, 0.5);
        using var images = new FourierImages(new FourierParametrization(0.5), batch);
        var rendered = images.Render().data<float>().ToArray();

        var planes = Enumerable.Range(0, 3).Select(channel => InverseTransform((row, column) =>
        {
            var at = (((channel * Height) + row) * 4) + column;
            var (fy, fx) = ((row <= Height / 2 ? row : row - Height) / (double)Height, column / (double)Width);
            return new Complex(spectrum[2 * at], spectrum[(2 * at) + 1]) * Math.Sqrt(Height * Width) / Math.Max(
                Math.Sqrt((fy * fy) + (fx * fx)), 1.0 / Height);
        })).ToArray();
        var norm = Math.Sqrt((0.26 * 0.26) + (0.27 * 0.27) + (0.27 * 0.27));
        for (var i = 0; i < Height * Width; i++)
        {
            for (var c = 0; c < 3; c++)
            {
                var z = Enumerable.Range(0, 3).Sum(k => Colours[c, k] / norm * planes[k][i] / 4);
                var place = isBgr ? 2 - c : c;
                Assert.Equal(255 / (1 + Math.Exp(-z)), rendered[(place * Height * Width) + i] + Pixels.Mean[place], 0.01);
            }
        }
    }

    [Fact]
    public void A_fourier_ascent_can_start_from_a_picture()
    {
        using var scope = torch.NewDisposeScope();
        var picture = Enumerable.Range(0, 3 * Height * Width).Select(i => 40f + (i * 31 % 170)).ToArray();
        var recipe = AscentPresets.Fourier with { Start = new PictureStart(), Parametrization = new FourierParametrization(0) };
        using var images = new FourierImages(new FourierParametrization(0), Batch(recipe, false, picture));
        var rendered = images.Render().data<float>().ToArray();
        for (var i = 0; i < rendered.Length; i++)
            Assert.Equal(picture[i], rendered[i] + Pixels.Mean[i / (Height * Width)], 0.1);
    }

    [Fact]
    public void A_maco_image_keeps_the_magnitudes_of_its_template_through_all_steps()
    {
        using var scope = torch.NewDisposeScope();
        using var grad = torch.no_grad();
        var (height, width) = (16, 16);
        var template = NaturalSpectrum.Inverse(3);
        var batch = new AscentBatch(AscentPresets.Maco, Pixels, (3, height, width), [new SplitMix(1, 1)], [null], template, torch.CPU);
        using var images = new MacoImages(new MacoParametrization(), batch);
        var expected = template.Magnitudes(height, width)[0];
        for (var step = 0; step < 4; step++)
        {
            var shares = (images.Render() + torch.tensor(Pixels.Mean, [1, 3, 1, 1])) / 255;
            var decorrelated = ColourSpace.Apply((shares / (1 - shares)).log(), ColourSpace.Matrix(Pixels, true).inverse());
            var magnitudes = torch.fft.rfft2(decorrelated)[0].abs();
            // Columns 0 and W / 2 of a half spectrum are their own mirror images, in which a real image has no free phase.
            var (a, b) = (magnitudes.narrow(2, 1, (width / 2) - 1).flatten(), expected.narrow(2, 1, (width / 2) - 1).flatten());
            var factors = (a / b).data<float>().ToArray();
            Assert.All(factors, factor => Assert.Equal(factors[0], factor, Math.Abs(factors[0]) * 0.02));
            images.Step(torch.ones_like(shares) * torch.arange(width, dtype: torch.float32), step, false);
        }
        Assert.NotNull(images.Weights);
    }

    [Fact]
    public void A_spectrum_is_measured_on_images_and_reads_the_same_at_its_own_size()
    {
        using var scope = torch.NewDisposeScope();
        var random = new Random(2);
        float[] planes = [.. Enumerable.Range(0, 2 * 3 * 12 * 10).Select(_ => (float)(random.NextDouble() * 255))];
        var measured = NaturalSpectrum.Measure([torch.tensor(planes, [2, 3, 12, 10])], Pixels)!;
        Assert.Equal((2, 12, 10, 1f), (measured.Images, measured.Height, measured.Width, measured.Values.Max()));
        Assert.Equal(measured.Values, measured.Magnitudes(12, 10).data<float>().ToArray());
        // By hand: the mean over both images of the magnitude of decorrelated channel 1 at (2, 3), over the largest.
        double Magnitude(int channel, int row, int column)
        {
            var inverse = ColourSpace.Matrix(Pixels, true).inverse().data<float>().ToArray();
            return Enumerable.Range(0, 2).Average(image => Enumerable.Range(0, 120).Aggregate(Complex.Zero, (sum, i) =>
            {
                var z = Enumerable.Range(0, 3).Sum(k => inverse[(channel * 3) + k] * planes[(((image * 3) + k) * 120) + i] / 255);
                return sum + (z * Complex.Exp(new Complex(0, -2 * Math.PI * ((row * (i / 10) / 12.0) + (column * (i % 10) / 10.0)))));
            }).Magnitude);
        }
        var at = measured.Values[(((1 * 12) + 2) * 6) + 3] / measured.Values[(((0 * 12) + 5) * 6) + 2];
        Assert.Equal(Magnitude(1, 2, 3) / Magnitude(0, 5, 2), at, 1e-3);
        Assert.Null(NaturalSpectrum.Measure([], Pixels));
    }

    private static AscentBatch Batch(AscentRecipe recipe, bool isBgr, float[]? picture = null) =>
        new(recipe, Pixels with { IsBgr = isBgr }, (3, Height, Width), [new SplitMix(3, 4)], [picture], null, torch.CPU);

    // Directly, from a half spectrum: the other half is the conjugate at the mirrored frequency.
    private static double[] InverseTransform(Func<int, int, Complex> half)
    {
        Complex Full(int row, int column) => column <= Width / 2 ? half(row, column) : Complex.Conjugate(
            half((Height - row) % Height, Width - column));
        return [.. Enumerable.Range(0, Height * Width).Select(i =>
        {
            var sum = Complex.Zero;
            for (var row = 0; row < Height; row++)
            {
                for (var column = 0; column < Width; column++)
                {
                    var value = Full(row, column);
                    // Of columns that are their own mirror image, a real transform reads the half with its mirror.
                    if (column == 0 || column * 2 == Width)
                        value = (half(row, column) + Complex.Conjugate(half((Height - row) % Height, column))) / 2;
                    sum += value * Complex.Exp(
                        new Complex(0, 2 * Math.PI * ((row * (i / Width) / (double)Height) + (column * (i % Width) / (double)Width))));
                }
            }
            return sum.Real / (Height * Width);
        })];
    }
}
