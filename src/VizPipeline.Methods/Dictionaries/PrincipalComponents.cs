using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Torch;

namespace VizPipeline.Methods.Dictionaries;

/// <summary>Makes a dictionary of the directions in which a layer's values vary most.</summary>
public static class PrincipalComponents
{
    // Places whose values are in memory in float64 at once.
    private const int Piece = 1 << 16;

    /// <summary>
    /// Computes the principal components by the eigenvectors of the covariance, in float64. The sign of each is such that its largest
    /// weight by magnitude is positive.
    /// </summary>
    /// <param name="rows">Values at places of images, [n, d].</param>
    /// <param name="count">Number of components, 1 to d.</param>
    public static FeatureDictionary Fit(FloatTensor rows, int count)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var (places, channels) = (rows.Shape[0], rows.Shape[1]);
        if (count < 1 || count > channels)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"the layer has {channels} channels");
        TorchRuntime.Start();
        using var scope = torch.NewDisposeScope();
        var values = torch.tensor(rows.Values, [places, channels]);
        var mean = values.mean([0L], type: torch.float64);
        var covariance = torch.zeros([channels, channels], dtype: torch.float64);
        for (var first = 0; first < places; first += Piece)
        {
            using var inner = torch.NewDisposeScope();
            var centred = values.narrow(0, first, Math.Min(Piece, places - first)).to(torch.float64) - mean;
            covariance.PlusInPlace(centred.t().matmul(centred));
        }
        var (_, vectors) = torch.linalg.eigh(covariance);
        // Eigenvalues ascend, one vector per column.
        var components = Read(vectors.t().flip(0).narrow(0, 0, count));
        for (var i = 0; i < count; i++)
        {
            var row = components.AsSpan(i * channels, channels);
            if (row[IndexOfLargest(row)] >= 0)
                continue;
            for (var channel = 0; channel < channels; channel++)
                row[channel] = -row[channel];
        }
        var middle = new FloatTensor("mean", [channels], Read(mean));
        var table = new FloatTensor("components", [count, channels], components);
        return new FeatureDictionary
        {
            Encoder = table,
            InputBias = middle,
            Decoder = table,
            DecoderBias = middle,
            Activation = DictionaryActivation.None,
            Layout = "principal components",
        };
    }

    private static int IndexOfLargest(ReadOnlySpan<float> row)
    {
        var largest = 0;
        for (var i = 1; i < row.Length; i++)
            largest = Math.Abs(row[i]) > Math.Abs(row[largest]) ? i : largest;
        return largest;
    }

    private static float[] Read(torch.Tensor values) =>
        MemoryMarshal.Cast<byte, float>(values.to(torch.float32).contiguous().bytes).ToArray();
}
