using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Deconvolution;

/// <summary>
/// The effective receptive field of one activation: the part of the receptive field that its deconvolution comes from. In deep layers it is
/// much smaller than the field (Luo et al. 2016, "Understanding the Effective Receptive Field in Deep Convolutional Neural Networks").
/// </summary>
public static class EffectiveField
{
    /// <summary>The share of the signal's energy, the sum of its squares, that the square holds before it is padded.</summary>
    public const double EnergyShare = 0.98;

    // Per side, in shares of the square.
    private const double Padding = 0.1;
    private const double SmallestShareOfField = 0.2;
    private const int SmallestSide = 12;

    /// <summary>
    /// Returns the smallest square with <see cref="EnergyShare"/> of the signal's energy, padded by a tenth on each side, at least a fifth
    /// of the field's longer side and 12 pixels wide. It is moved into the visible part of the field, and cut to it where
    /// that is smaller. A signal of zeros gives the whole field.
    /// </summary>
    /// <param name="chw">The signal on the field: three planes or one, of height x width values.</param>
    /// <param name="field">The field, in input pixels.</param>
    /// <param name="visible">The part of the field that lies inside the image, in input pixels.</param>
    /// <returns>The box, in input pixels.</returns>
    /// <exception cref="ArgumentException">The signal is not whole planes of the field's size.</exception>
    public static Box Find(ReadOnlySpan<float> chw, Box field, Box visible)
    {
        var (width, height) = (field.Width, field.Height);
        if (width < 1 || height < 1 || chw.Length % (width * height) != 0)
            throw new ArgumentException($"{chw.Length} values are not planes of {height}x{width}", nameof(chw));
        var sums = SumSquares(chw, width, height);
        var total = sums[^1];
        if (!(total > 0) || !double.IsFinite(total))
            return field;
        var (least, most) = (1, Math.Max(width, height));
        while (least < most)
        {
            var middle = (least + most) / 2;
            if (FindBest(sums, width, height, middle).Energy >= EnergyShare * total)
                most = middle;
            else
                least = middle + 1;
        }
        var (_, x0, y0) = FindBest(sums, width, height, least);
        var (squareWidth, squareHeight) = (Math.Min(least, width), Math.Min(least, height));
        var side = Math.Max(least + (2 * Math.Max(1, (int)Math.Round(Padding * least))), SmallestSide);
        side = Math.Max(side, (int)Math.Ceiling(SmallestShareOfField * Math.Max(width, height)));
        var shown = visible.Width > 0 && visible.Height > 0 ? visible : field;
        var (left, right) = Place(field.X0 + x0 + (squareWidth / 2.0), side, shown.X0, shown.X1);
        var (top, bottom) = Place(field.Y0 + y0 + (squareHeight / 2.0), side, shown.Y0, shown.Y1);
        return new Box(left, top, right, bottom);
    }

    /// <summary>Returns the sums of squares over the rectangles from the upper left corner, (height + 1) x (width + 1).</summary>
    private static double[] SumSquares(ReadOnlySpan<float> chw, int width, int height)
    {
        var sums = new double[(height + 1) * (width + 1)];
        for (var y = 0; y < height; y++)
        {
            var row = 0.0;
            for (var x = 0; x < width; x++)
            {
                for (var at = (y * width) + x; at < chw.Length; at += width * height)
                    row += (double)chw[at] * chw[at];
                sums[((y + 1) * (width + 1)) + x + 1] = sums[(y * (width + 1)) + x + 1] + row;
            }
        }
        return sums;
    }

    private static (double Energy, int X0, int Y0) FindBest(double[] sums, int width, int height, int side)
    {
        var (best, bestX, bestY) = (-1.0, 0, 0);
        var (w, h, stride) = (Math.Min(side, width), Math.Min(side, height), width + 1);
        for (var y = 0; y + h <= height; y++)
        {
            var top = sums.AsSpan(y * stride, stride);
            var bottom = sums.AsSpan((y + h) * stride, stride);
            for (var x = 0; x + w <= width; x++)
            {
                var energy = bottom[x + w] - bottom[x] - top[x + w] + top[x];
                if (energy > best)
                    (best, bestX, bestY) = (energy, x, y);
            }
        }
        return (best, bestX, bestY);
    }

    private static (int From, int To) Place(double centre, int side, int least, int most)
    {
        side = Math.Min(side, most - least);
        var from = Math.Clamp((int)Math.Round(centre - (side / 2.0)), least, most - side);
        return (from, from + side);
    }
}
