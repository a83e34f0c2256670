using TorchSharp;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Torch;

namespace VizPipeline.Network.Execution;

/// <summary>
/// A network on a device, ready to run. Execution stops at the deepest node asked for, and values are freed as soon as nobody needs
/// them. One thread at a time: torch parallelises inside.
/// </summary>
public sealed class NetworkRunner : IDisposable
{
    private readonly NetworkGraph _folded;
    private readonly int[] _resolved;

    /// <summary>Puts <paramref name="graph"/> on a device (the CPU if null).</summary>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded here.</exception>
    public NetworkRunner(NetworkGraph graph, torch.Device? device = null)
    {
        TorchRuntime.Start();
        Graph = graph;
        _folded = Folding.Fold(graph);
        Weights = new WeightBank(device ?? torch.CPU);
        _resolved = [.. _folded.Nodes.Select(node => node.Index)];
        foreach (var node in _folded.Nodes.Where(node => node.Operator is Identity))
            _resolved[node.Index] = _resolved[node.Inputs[0]];
    }

    /// <summary>The network as it was loaded; nodes and layers keep their indices here.</summary>
    public NetworkGraph Graph { get; }

    /// <summary>Where it runs.</summary>
    public torch.Device Device => Weights.Device;

    /// <summary>The operator that runs at a node: the model's own, or what folding made of it.</summary>
    public Operator OperatorOf(int node) => _folded.Nodes[node].Operator;

    internal WeightBank Weights { get; }

    /// <summary>The node that really holds a node's value: identities hold nothing of their own.</summary>
    internal int Resolve(int node) => _resolved[node];

    /// <summary>
    /// Runs whole images forward and shows the values of <paramref name="nodes"/> as they come up; the tensors live only during the call
    /// of <paramref name="observe"/>.
    /// </summary>
    /// <param name="images">[N, C, H, W] on the device, preprocessed; channels-last is fastest.</param>
    /// <param name="nodes">Node indices; the deepest ends the run.</param>
    /// <param name="observe">Gets the node index and its value [N, C, h, w] or [N, C].</param>
    /// <exception cref="GraphException">The images do not have the network's input shape.</exception>
    public void Forward(torch.Tensor images, IReadOnlyCollection<int> nodes, Action<int, torch.Tensor> observe)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(nodes);
        using var mode = torch.inference_mode();
        using var pass = new Pass(new PassGeometry(this, RegionPlan.Whole(Graph, nodes.Max())), null) { Observed = nodes, Observe = observe };
        pass.Forward(images);
    }

    /// <summary>The value of one node for whole images, moved to the caller.</summary>
    public torch.Tensor Forward(torch.Tensor images, int node)
    {
        torch.Tensor? kept = null;
        Forward(images, [node], (_, value) => kept = value.clone().DetachFromDisposeScope());
        return kept!;
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
