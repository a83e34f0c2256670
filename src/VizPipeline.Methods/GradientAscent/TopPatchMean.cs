using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>Averages a neuron's top patches, aligned by the positions at which it was most active (Nguyen et al. 2016).</summary>
public static class TopPatchMean
{
    /// <summary>Returns the mean patch as planes [C, H, W] of the size of the run's box, or null if there are no patches.</summary>
    /// <param name="run">Gives the patches' positions.</param>
    /// <param name="patches">Whole inputs [C, H, W] in 0-255 and the position in the layer's map.</param>
    /// <param name="input">The network's input.</param>
    /// <param name="mean">Fill value outside an image, [C].</param>
    public static float[]? Compute(AscentRun run, IEnumerable<(float[] Planes, int Y, int X)> patches, Shape input, float[] mean)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(patches);
        ArgumentNullException.ThrowIfNull(mean);
        var (height, width, count) = (run.Box.Height, run.Box.Width, 0);
        var sum = new float[mean.Length * height * width];
        foreach (var (planes, y, x) in patches)
        {
            var box = run.BoxAt(y, x);
            count++;
            for (var i = 0; i < sum.Length; i++)
            {
                var (channel, row, column) = (i / (height * width), box.Y0 + (i / width % height), box.X0 + (i % width));
                var isInside = (uint)row < (uint)input.Height && (uint)column < (uint)input.Width;
                sum[i] += isInside ? planes[(((channel * input.Height) + row) * input.Width) + column] : mean[channel];
            }
        }
        return count == 0 ? null : [.. sum.Select(value => value / count)];
    }
}
