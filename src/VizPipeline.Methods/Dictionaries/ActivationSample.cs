using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Dictionaries;

/// <summary>
/// Collects the values of a layer at random places of images, as rows [n, d]: what dictionaries and principal components are made from.
/// </summary>
/// <param name="runner">The network on its device.</param>
/// <param name="layer">The layer.</param>
/// <param name="places">Places per image, at least 1; a layer without maps has one.</param>
/// <param name="seed">Determines the places, together with the image's index.</param>
public sealed class ActivationSample(NetworkRunner runner, Layer layer, int places, int seed)
{
    private readonly List<float[]> _rows = [];

    /// <summary>Number of rows so far.</summary>
    public int Count => _rows.Count;

    /// <summary>Returns how many places of each image make about <paramref name="rows"/> rows.</summary>
    public static int PlacesFor(Layer layer, int images, int rows)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return Math.Clamp(rows / Math.Max(1, images), 1, layer.Shape.IsVector ? 1 : layer.Shape.Height * layer.Shape.Width);
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="images">[N, C, H, W] on the runner's device, preprocessed.</param>
    /// <param name="indices">The index of each image.</param>
    public void Add(torch.Tensor images, IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        runner.Forward(images, [layer.Node], (_, value) =>
        {
            var (channels, area) = ((int)value.shape[1], value.dim() == 2 ? 1 : (int)(value.shape[2] * value.shape[3]));
            using var flat = value.reshape(value.shape[0], channels, area).contiguous().cpu();
            var values = MemoryMarshal.Cast<byte, float>(flat.bytes);
            for (var n = 0; n < indices.Count; n++)
            {
                foreach (var place in Draw(indices[n], area))
                {
                    var row = new float[channels];
                    for (var channel = 0; channel < channels; channel++)
                        row[channel] = values[(((n * channels) + channel) * area) + place];
                    _rows.Add(row);
                }
            }
        });
    }

    /// <summary>Returns all rows, [n, d].</summary>
    public FloatTensor ToTensor()
    {
        var (channels, values) = (layer.Neurons, new float[_rows.Count * layer.Neurons]);
        for (var i = 0; i < _rows.Count; i++)
            _rows[i].CopyTo(values, i * channels);
        return new FloatTensor("activations", [_rows.Count, channels], values);
    }

    // Different places, by a shuffle that stops as soon as there are enough.
    private IEnumerable<int> Draw(int image, int area)
    {
        if (places >= area)
            return Enumerable.Range(0, area);
        var (random, order) = (new SplitMix(seed, image), Enumerable.Range(0, area).ToArray());
        for (var i = 0; i < places; i++)
        {
            var other = i + (int)(random.Uniform() * (area - i));
            (order[i], order[other]) = (order[other], order[i]);
        }
        return order.Take(places);
    }
}
