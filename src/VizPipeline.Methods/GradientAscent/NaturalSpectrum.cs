using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// The mean magnitude of natural images' frequencies in decorrelated colours (Fel et al. 2023), measured on the current image set, so that
/// nothing has to be downloaded.
/// </summary>
/// <param name="Channels">C.</param>
/// <param name="Height">Rows of the images that it was measured on.</param>
/// <param name="Width">Columns.</param>
/// <param name="Values">[C, Height, Width / 2 + 1] row-major, scaled to a maximum of 1; 0 at the mean colour.</param>
/// <param name="Images">Number of images that were averaged; 0 for a formula.</param>
public sealed record NaturalSpectrum(int Channels, int Height, int Width, float[] Values, int Images)
{
    private const int FormulaSide = 256;

    /// <summary>Creates 1 / f magnitudes, the law that natural images follow (Field 1987), equal in all channels.</summary>
    public static NaturalSpectrum Inverse(int channels)
    {
        using var scope = torch.NewDisposeScope();
        using var mode = torch.no_grad();
        var frequencies = Frequencies(FormulaSide, FormulaSide);
        var plane = (1.0 / FormulaSide).DividedBy(frequencies.ClampMin(1.0 / FormulaSide)) * frequencies.Gt(0);
        return new NaturalSpectrum(
            channels, FormulaSide, FormulaSide, plane.expand(channels, -1, -1).contiguous().data<float>().ToArray(), 0);
    }

    /// <summary>Measures the spectrum of images.</summary>
    /// <param name="images">Batches of planes [N, C, H, W] in 0-255, in the network's channel order, all of one size.</param>
    /// <param name="pixels">Gives the order of the colours.</param>
    /// <returns>The spectrum, or null if there were no images.</returns>
    public static NaturalSpectrum? Measure(IEnumerable<torch.Tensor> images, PixelScale pixels)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(pixels);
        using var mode = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var inverse = ColourSpace.Matrix(pixels, true).inverse();
        var (sum, count, size) = ((torch.Tensor?)null, 0, (Height: 0, Width: 0));
        foreach (var batch in images)
        {
            using var inner = torch.NewDisposeScope();
            var cpu = batch.to(torch.CPU);
            var magnitudes = torch.fft.rfft2(ColourSpace.Apply(cpu.DividedBy(255), inverse)).abs().sum([0]);
            var next = (sum is null ? magnitudes : sum.Plus(magnitudes)).MoveToOuterDisposeScope();
            (sum, count, size) = (next, count + (int)batch.shape[0], ((int)batch.shape[2], (int)batch.shape[3]));
        }
        if (sum is null)
            return null;
        var values = sum.contiguous().data<float>().ToArray();
        var plane = values.Length / pixels.Mean.Length;
        for (var channel = 0; channel < pixels.Mean.Length; channel++)
            values[channel * plane] = 0;
        var largest = values.Max();
        return new NaturalSpectrum(
            pixels.Mean.Length, size.Height, size.Width, [.. values.Select(value => largest > 0 ? value / largest : 0)], count);
    }

    /// <summary>
    /// Returns the magnitudes for images of another size, [1, C, height, width / 2 + 1], interpolated at the same frequencies.
    /// </summary>
    internal torch.Tensor Magnitudes(int height, int width)
    {
        var half = (Width / 2) + 1;
        var values = new float[Channels * height * ((width / 2) + 1)];
        for (var i = 0; i < values.Length; i++)
        {
            var (channel, row, column) = (i / (height * ((width / 2) + 1)), i / ((width / 2) + 1) % height, i % ((width / 2) + 1));
            var (y, x) = ((row <= height / 2 ? row : row - height) * (double)Height / height, column * (double)Width / width);
            values[i] = row == 0 && column == 0 ? 0 : At(channel, y, x, half);
        }
        return torch.tensor(values, [1, Channels, height, (width / 2) + 1]);
    }

    /// <summary>Returns the frequency of each entry of a half spectrum in cycles per pixel, [height, width / 2 + 1].</summary>
    internal static torch.Tensor Frequencies(int height, int width)
    {
        var (rows, columns) = (torch.fft.fftfreq(height).reshape(-1, 1), torch.fft.rfftfreq(width).reshape(1, -1));
        return rows.square().Plus(columns.square()).sqrt();
    }

    // Bilinear interpolation, with negative rows where the FFT puts them.
    private float At(int channel, double y, double x, int half)
    {
        var (top, left) = ((int)Math.Floor(y), (int)Math.Floor(x));
        var (down, right) = (y - top, x - left);
        float Place(int row, int column) =>
            Values[(((channel * Height) + (((row % Height) + Height) % Height)) * half) + Math.Min(column, half - 1)];
        return (float)(((1 - down) * (((1 - right) * Place(top, left)) + (right * Place(top, left + 1))))
            + (down * (((1 - right) * Place(top + 1, left)) + (right * Place(top + 1, left + 1)))));
    }
}
