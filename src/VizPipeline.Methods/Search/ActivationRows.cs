namespace VizPipeline.Methods.Search;

/// <summary>The activations of one layer that a pass keeps as float16, one row per chosen image.</summary>
/// <remarks>Rounding to float16 keeps three digits. Top lists and statistics never come from here but from the tally.</remarks>
public sealed class ActivationRows
{
    private readonly string _layer;
    private readonly Dictionary<int, int> _rows;
    private readonly Half[] _values;
    private readonly int[]? _positions;

    /// <summary>Prepares a row for each of <paramref name="images"/>.</summary>
    /// <param name="layer">The layer's name, for the message.</param>
    /// <param name="neurons">Number of neurons.</param>
    /// <param name="images">Indices of the images whose activations are kept; others are ignored.</param>
    /// <param name="positions">Whether the positions of the maxima are kept.</param>
    public ActivationRows(string layer, int neurons, IReadOnlyList<int> images, bool positions)
    {
        ArgumentNullException.ThrowIfNull(images);
        (_layer, Neurons) = (layer, neurons);
        _rows = images.Index().ToDictionary(place => place.Item, place => place.Index);
        _values = new Half[checked(images.Count * neurons)];
        Array.Fill(_values, Half.NaN);
        _positions = positions ? new int[_values.Length] : null;
    }

    /// <summary>Number of neurons.</summary>
    public int Neurons { get; }

    /// <summary>Activations, [images, neurons]; NaN for images that were not added.</summary>
    public ReadOnlyMemory<Half> Values => _values;

    /// <summary>Row-major positions, [images, neurons]; null if they are not kept.</summary>
    public ReadOnlyMemory<int>? Positions => _positions is { } positions ? positions : (ReadOnlyMemory<int>?)null;

    /// <summary>Keeps the activations of an image, if it is one of those chosen.</summary>
    /// <exception cref="ActivationRangeException">An activation is beyond the range of float16.</exception>
    public void Add(int image, ReadOnlySpan<float> activations, ReadOnlySpan<int> positions)
    {
        if (!_rows.TryGetValue(image, out var row))
            return;
        var target = _values.AsSpan(row * Neurons, Neurons);
        for (var neuron = 0; neuron < target.Length; neuron++)
        {
            target[neuron] = (Half)activations[neuron];
            if (Half.IsInfinity(target[neuron]))
                throw new ActivationRangeException(_layer, neuron, activations[neuron]);
        }
        if (_positions is not null)
            positions.CopyTo(_positions.AsSpan(row * Neurons, Neurons));
    }
}

/// <summary>An activation is too large to be kept as float16.</summary>
public sealed class ActivationRangeException(string layer, int neuron, float value) : Exception(
    $"layer '{layer}': neuron {neuron} reaches {value:G6}, and kept activations (float16) end at 65,504; build the atlas with --keep none "
    + "in another folder, or check the preprocessing");
