using CsCheck;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Network.Graph;

namespace VizPipeline.Tests.Methods.Deconvolution;

public sealed class EffectiveFieldTests
{
    [Fact]
    public void A_small_blob_gives_a_padded_square_around_it()
    {
        // 20 x 20 of 100 x 100 pixels: padded by a tenth per side that is 24, more than a fifth of the field.
        var signal = new float[3 * 100 * 100];
        for (var y = 40; y < 60; y++)
            signal.AsSpan((y * 100) + 30, 20).Fill(-2f);

        var box = EffectiveField.Find(signal, new Box(0, 0, 100, 100), new Box(0, 0, 100, 100));

        Assert.Equal(new Box(28, 38, 52, 62), box);
    }

    [Fact]
    public void A_single_pixel_gives_a_fifth_of_the_field_inside_the_image()
    {
        var signal = new float[100 * 100];
        signal[(31 * 100) + 32] = 1f;

        // The image begins at 30, 30, so the square of 20 is moved into it.
        Assert.Equal(new Box(30, 30, 50, 50), EffectiveField.Find(signal, new Box(0, 0, 100, 100), new Box(30, 30, 100, 100)));
    }

    [Fact]
    public void It_is_cut_to_the_image()
    {
        // Of the field of 100 x 100 only 30 columns are inside the image, and the signal covers them.
        var signal = new float[100 * 100];
        for (var y = 20; y < 80; y++)
            signal.AsSpan((y * 100) + 70, 30).Fill(1f);

        var box = EffectiveField.Find(signal, new Box(-70, 5, 30, 105), new Box(0, 5, 30, 105));

        Assert.Equal((0, 30), (box.X0, box.X1));
        Assert.True(box.Y0 <= 25 && box.Y1 >= 85 && box.Y0 >= 5 && box.Y1 <= 105, $"{box}");
    }

    [Fact]
    public void Small_fields_and_empty_signals_stay_whole()
    {
        Assert.Equal(new Box(0, 0, 7, 7), EffectiveField.Find([.. Enumerable.Repeat(1f, 49)], new Box(0, 0, 7, 7), new Box(0, 0, 7, 7)));
        Assert.Equal(new Box(0, 0, 40, 30), EffectiveField.Find(new float[1200], new Box(0, 0, 40, 30), new Box(0, 0, 40, 30)));
        Assert.Throws<ArgumentException>(() => EffectiveField.Find(new float[7], new Box(0, 0, 3, 3), new Box(0, 0, 3, 3)));
    }

    [Fact]
    public void The_square_before_padding_is_the_smallest_with_the_energy()
    {
        var signals = from width in Gen.Int[20, 34]
                      from height in Gen.Int[20, 34]
                      from spots in Gen.Select(Gen.Int[0, width - 1], Gen.Int[0, height - 1], Gen.Float[0.1f, 9f]).Array[1, 40]
                      select (width, height, spots);
        signals.Sample(
            of =>
            {
                var signal = new float[of.width * of.height];
                foreach (var (x, y, value) in of.spots)
                    signal[(y * of.width) + x] += value;
                var field = new Box(0, 0, of.width, of.height);
                var box = EffectiveField.Find(signal, field, field);

                var smallest = Enumerable.Range(1, Math.Max(of.width, of.height))
                    .First(side => HasEnergy(signal, of.width, of.height, side));
                var padded = Math.Max(12, smallest + (2 * Math.Max(1, (int)Math.Round(0.1 * smallest))));
                Assert.Equal((Math.Min(padded, of.width), Math.Min(padded, of.height)), (box.Width, box.Height));
                var total = signal.Sum(value => (double)value * value);
                Assert.True(Energy(signal, of.width, box) >= EffectiveField.EnergyShare * 0.999 * total);
            },
            iter: 60);
    }

    private static bool HasEnergy(float[] signal, int width, int height, int side)
    {
        var (w, h, total) = (Math.Min(side, width), Math.Min(side, height), signal.Sum(value => (double)value * value));
        for (var y = 0; y + h <= height; y++)
            for (var x = 0; x + w <= width; x++)
                if (Energy(signal, width, new Box(x, y, x + w, y + h)) >= EffectiveField.EnergyShare * total)
                    return true;
        return false;
    }

    private static double Energy(float[] signal, int width, Box box)
    {
        var sum = 0.0;
        for (var y = box.Y0; y < box.Y1; y++)
            for (var x = box.X0; x < box.X1; x++)
                sum += (double)signal[(y * width) + x] * signal[(y * width) + x];
        return sum;
    }
}
