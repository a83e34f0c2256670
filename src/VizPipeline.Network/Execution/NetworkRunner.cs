using TorchSharp;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Torch;

namespace VizPipeline.Network.Execution;

/// <summary>
/// A network on a device, ready to run. Execution stops at the deepest node that was requested, and each value is freed after its last use.
/// Use it from one thread at a time; torch parallelises internally.
/// </summary>
public sealed class NetworkRunner : IDisposable
{
    private readonly NetworkGraph _folded;
    private readonly int[] _resolved;

    /// <summary>Loads <paramref name="graph"/> onto a device (the CPU if null).</summary>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded here.</exception>
    public NetworkRunner(NetworkGraph graph, torch.Device? device = null)
    {
        TorchRuntime.Start();
        Graph = graph;
        _folded = NormalizationFolding.Fold(graph);
        Weights = new WeightBank(device ?? torch.CPU);
        _resolved = [.. _folded.Nodes.Select(node => node.Index)];
        foreach (var node in _folded.Nodes.Where(node => node.Operator is Identity))
            _resolved[node.Index] = _resolved[node.Inputs[0]];
    }

    /// <summary>The network as it was loaded; nodes and layers keep their indices here.</summary>
    public NetworkGraph Graph { get; }

    /// <summary>The device that the network runs on.</summary>
    public torch.Device Device => Weights.Device;

    /// <summary>Returns the operator that runs at a node: the model's own, or the result of folding.</summary>
    public Operator OperatorOf(int node) => _folded.Nodes[node].Operator;

    internal WeightBank Weights { get; }

    /// <summary>Returns the node that holds a node's value. Identities hold no value of their own.</summary>
    internal int Resolve(int node) => _resolved[node];

    /// <summary>
    /// Runs whole images forward and passes the value of each of <paramref name="nodes"/> to <paramref name="observe"/> as soon as it is
    /// computed. The tensors are valid only during that call.
    /// </summary>
    /// <param name="images">[N, C, H, W] on the device, preprocessed; channels-last is fastest.</param>
    /// <param name="nodes">Node indices, also of branches that never meet; only what they depend on is computed.</param>
    /// <param name="observe">Receives the node index and its value [N, C, h, w] or [N, C].</param>
    /// <exception cref="GraphException">The images do not have the network's input shape.</exception>
    public void Forward(torch.Tensor images, IReadOnlyCollection<int> nodes, Action<int, torch.Tensor> observe)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(nodes);
        using var mode = torch.inference_mode();
        using var pass = new Pass(
            new PassGeometry(this, RegionPlan.Whole(Graph, nodes.MaxBy(Resolve), nodes)), null)
        { Observed = nodes, Observe = observe };
        pass.Forward(images);
    }

    /// <summary>Returns the value of one node for whole images. The caller owns the tensor.</summary>
    public torch.Tensor Forward(torch.Tensor images, int node)
    {
        torch.Tensor? kept = null;
        Forward(images, [node], (_, value) => kept = value.clone().DetachFromDisposeScope());
        return kept!;
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
