using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// Gaussian blur like scipy.ndimage.gaussian_filter: the kernel is truncated at 4 sigma, and borders are reflected with the edge pixel
/// repeated (d c b a | a b c d | d c b a). A blur is linear, so it is one matrix per axis, borders included, however small the image.
/// </summary>
internal static class GaussianBlur
{
    /// <summary>Blurs [N, C, H, W] along rows and columns.</summary>
    public static torch.Tensor Apply(torch.Tensor images, double sigma)
    {
        var rows = Matrix((int)images.shape[2], sigma, images.device);
        var columns = Matrix((int)images.shape[3], sigma, images.device);
        return rows.matmul(images.contiguous()).matmul(columns.t()).ChannelsLast();
    }

    /// <summary>Returns the matrix [extent, extent]: row i contains the weights of all inputs for output i.</summary>
    internal static float[] Weights(int extent, double sigma)
    {
        var radius = (int)((4 * sigma) + 0.5);
        var kernel = Enumerable.Range(-radius, (2 * radius) + 1).Select(d => Math.Exp(-0.5 * d * d / (sigma * sigma))).ToArray();
        var (sum, matrix) = (kernel.Sum(), new double[extent * extent]);
        for (var i = 0; i < extent; i++)
        {
            for (var d = -radius; d <= radius; d++)
                matrix[(i * extent) + Reflect(i + d, extent)] += kernel[d + radius] / sum;
        }
        return [.. matrix.Select(weight => (float)weight)];
    }

    private static torch.Tensor Matrix(int extent, double sigma, torch.Device device) =>
        torch.tensor(Weights(extent, sigma), [extent, extent]).to(device);

    private static int Reflect(int position, int extent)
    {
        var period = 2 * extent;
        var wrapped = ((position % period) + period) % period;
        return wrapped < extent ? wrapped : period - 1 - wrapped;
    }
}
