using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// A colour space in which the channels of natural images are uncorrelated (Olah et al. 2017; the constants are Lucid's, measured on
/// ImageNet).
/// </summary>
internal static class ColourSpace
{
    // The square root of the colours' covariance: row = R, G, B, column = decorrelated channel.
    private static readonly double[,] Correlation = { { 0.26, 0.09, 0.02 }, { 0.27, 0.00, -0.05 }, { 0.27, -0.09, 0.03 } };

    /// <summary>
    /// Returns the matrix [C, C] from decorrelated channels to the network's, divided by its largest column norm; the identity unless there
    /// are three channels.
    /// </summary>
    public static torch.Tensor Matrix(PixelScale pixels, bool decorrelated)
    {
        var channels = pixels.Mean.Length;
        if (channels != 3 || !decorrelated)
            return torch.eye(channels);
        var largest = Enumerable.Range(0, 3)
            .Max(column => Math.Sqrt(Enumerable.Range(0, 3).Sum(row => Correlation[row, column] * Correlation[row, column])));
        var matrix = new float[9];
        for (var row = 0; row < 3; row++)
        {
            for (var column = 0; column < 3; column++)
                matrix[((pixels.IsBgr ? 2 - row : row) * 3) + column] = (float)(Correlation[row, column] / largest);
        }
        return torch.tensor(matrix, [3, 3]);
    }

    /// <summary>Mixes the channels of [N, C, H, W].</summary>
    public static torch.Tensor Apply(torch.Tensor images, torch.Tensor matrix)
    {
        var (n, channels, height, width) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        return matrix.matmul(images.reshape(n, channels, height * width)).reshape(n, channels, height, width);
    }
}
