using VizPipeline.Images;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.Filters;

/// <summary>
/// Computes how neurons are connected by their weights: the input channels with the strongest kernels for each neuron of a layer, and the
/// strongest readers for each channel below.
/// </summary>
public static class NeuronLinks
{
    /// <summary>Maximum number of inputs kept per neuron, and of readers per channel.</summary>
    public const int Kept = 8;

    /// <summary>Maximum number of weights from one channel's map to a fully connected neuron that are kept as a kernel.</summary>
    public const int LargestMap = 49;

    /// <summary>Computes the connections of a layer; null if it has no weights of its own.</summary>
    /// <remarks>
    /// Each input is traced back to the first observed layer through operators that do not mix channels. A channel of an observed
    /// concatenation or addition counts as read from the merge and, in <see cref="LayerLinks.Readers"/>, also from the weighted layers that
    /// it merges. An unobserved addition hides its terms.
    /// </remarks>
    /// <param name="graph">The network, with weights.</param>
    /// <param name="observed">The observed layers, including <paramref name="layer"/>; indices refer to this list.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="isBgr">Whether the network's input is in the order blue, green, red.</param>
    public static LayerLinks? Compute(NetworkGraph graph, IReadOnlyList<Layer> observed, Layer layer, bool isBgr = false)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(layer);
        if (layer.WeightedNode is not { } weighted)
            return null;
        var (node, sources) = (graph.Nodes[weighted], new ChannelSources(graph, observed, isBgr));
        var inputs = sources.Trace(node.Inputs[0]);
        var kernels = node.Operator switch
        {
            Convolution { Weight: var weight, Groups: var groups } =>
                new Kernels(weight.Values, weight.Shape[0], groups,
                    [.. inputs.Select(input => input with { Height = weight.Shape[2], Width = weight.Shape[3] })], int.MaxValue),
            Linear { Weight: var weight } => new Kernels(weight.Values, weight.Shape[0], 1, inputs, LargestMap),
            var other => throw new GraphException(node.Name, $"{other.Kind} has no weights between channels"),
        };
        return kernels.Links(new Readers(observed, sources, inputs));
    }

    // Weights [outputs, the kernels of one group's inputs in sequence].
    private sealed class Kernels
    {
        private readonly float[] _weights;
        private readonly int _outputs;
        private readonly int _groups;
        private readonly ChannelSource[] _inputs;
        private readonly int[] _starts;
        private readonly int _largestKernel;
        private readonly double[] _norms;
        private readonly double[] _sums;

        public Kernels(float[] weights, int outputs, int groups, ChannelSource[] inputs, int largestKernel)
        {
            (_weights, _outputs, _groups, _inputs, _largestKernel) = (weights, outputs, groups, inputs, largestKernel);
            (_norms, _sums, _starts) = (new double[inputs.Length], new double[inputs.Length], new int[inputs.Length + 1]);
            for (var i = 0; i < inputs.Length; i++)
                _starts[i + 1] = _starts[i] + inputs[i].Units;
        }

        public LayerLinks Links(Readers readers)
        {
            var neurons = new NeuronInputs[_outputs];
            for (var output = 0; output < _outputs; output++)
            {
                var (first, end) = Group(output);
                var squares = 0.0;
                for (var input = first; input < end; input++)
                {
                    var (square, sum) = Measure(Kernel(output, input));
                    (_norms[input], _sums[input], squares) = (Math.Sqrt(square), sum, squares + square);
                }
                neurons[output] = new NeuronInputs(Math.Sqrt(squares), SignedDisplay.Magnitude(Row(output)), Strongest(output, first, end));
                readers.Add(output, squares, first, _norms.AsSpan(first..end), _sums.AsSpan(first..end));
            }
            return new LayerLinks(neurons, readers.Result());
        }

        private (int First, int End) Group(int output)
        {
            var (group, length) = (output / (_outputs / _groups), _inputs.Length / _groups);
            return (group * length, (group + 1) * length);
        }

        private ReadOnlySpan<float> Row(int output)
        {
            var length = _starts[^1] / _groups;
            return _weights.AsSpan(output * length, length);
        }

        private ReadOnlySpan<float> Kernel(int output, int input)
        {
            var start = _starts[Group(output).First];
            return Row(output)[(_starts[input] - start)..(_starts[input + 1] - start)];
        }

        // A weight of zero is no connection, but an input colour is shown with all of its planes.
        private InputLink[] Strongest(int output, int first, int end) =>
        [
            .. Enumerable.Range(first, end - first)
                .Where(input => _norms[input] > 0 || _inputs[input] is { Layer: < 0, Channel: >= 0 })
                .OrderByDescending(input => _norms[input]).ThenBy(input => input)
                .Take(Kept)
                .Select(input => Link(output, input)),
        ];

        private InputLink Link(int output, int input)
        {
            var source = _inputs[input];
            var kernel = source.Units <= _largestKernel
                ? new LinkKernel(source.Height, source.Width, Kernel(output, input).ToArray()) : null;
            return new InputLink(source.Layer, source.Channel, input, _norms[input], _sums[input], kernel);
        }

        private static (double Square, double Sum) Measure(ReadOnlySpan<float> kernel)
        {
            var (square, sum) = (0.0, 0.0);
            foreach (var weight in kernel)
                (square, sum) = (square + ((double)weight * weight), sum + weight);
            return (square, sum);
        }
    }

    // Collects the readers of every observed channel while the neurons are processed in order.
    private sealed class Readers
    {
        private readonly IReadOnlyList<Layer> _observed;
        private readonly Dictionary<(int Layer, int Channel), int> _slots = [];
        private readonly int[][] _slotsOf;
        private readonly List<ReaderLink>[] _kept;
        private readonly double[] _squares;
        private readonly double[] _sums;

        public Readers(IReadOnlyList<Layer> observed, ChannelSources sources, ChannelSource[] inputs)
        {
            _observed = observed;
            var terms = inputs.Select(input => input.Layer).Where(layer => layer >= 0).Distinct()
                .ToDictionary(layer => layer, layer => sources.TermsOf(layer).ToList());
            _slotsOf = [.. inputs.Select(input => input.Layer < 0 ? [] : Slots(input, terms[input.Layer]))];
            _kept = [.. Enumerable.Range(0, _slots.Count).Select(_ => new List<ReaderLink>(Kept + 1))];
            (_squares, _sums) = (new double[_slots.Count], new double[_slots.Count]);
        }

        public void Add(int output, double total, int first, ReadOnlySpan<double> norms, ReadOnlySpan<double> sums)
        {
            Array.Clear(_squares);
            Array.Clear(_sums);
            for (var i = 0; i < norms.Length; i++)
            {
                foreach (var slot in _slotsOf[first + i])
                {
                    _squares[slot] += norms[i] * norms[i];
                    _sums[slot] += sums[i];
                }
            }
            for (var slot = 0; slot < _kept.Length; slot++)
            {
                // Skips zero weights, and networks whose weights are not numbers.
                if (_squares[slot] > 0 && Math.Sqrt(_squares[slot] / total) is var share && !double.IsNaN(share))
                    Keep(_kept[slot], new ReaderLink(output, share, _sums[slot]));
            }
        }

        public IReadOnlyList<LayerReaders> Result() =>
        [
            .. _slots.Keys.Select(place => place.Layer).Distinct().Order().Select(layer => new LayerReaders(
                layer,
                [.. Enumerable.Range(0, _observed[layer].Neurons)
                    .Select(channel => _slots.TryGetValue((layer, channel), out var slot) ? _kept[slot] : [])])),
        ];

        private int[] Slots(ChannelSource input, List<ChannelSource[]> terms)
        {
            var places = new List<(int Layer, int Channel)> { (input.Layer, input.Channel) };
            foreach (var term in terms.Select(term => term[input.Channel]))
            {
                // The terms of another merge have their own readers there; for all terms of a residual stream, a table would grow with the
                // depth.
                if (term.Layer >= 0 && _observed[term.Layer].WeightedNode is not null)
                    places.Add((term.Layer, term.Channel));
            }
            return [.. places.Distinct().Select(SlotOf)];
        }

        private int SlotOf((int Layer, int Channel) place)
        {
            if (!_slots.TryGetValue(place, out var slot))
                _slots[place] = slot = _slots.Count;
            return slot;
        }

        private static void Keep(List<ReaderLink> kept, ReaderLink link)
        {
            var at = kept.Count;
            while (at > 0 && kept[at - 1].Share < link.Share)
                at--;
            if (at == Kept)
                return;
            kept.Insert(at, link);
            if (kept.Count > Kept)
                kept.RemoveAt(Kept);
        }
    }
}
