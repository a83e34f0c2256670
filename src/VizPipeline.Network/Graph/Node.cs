using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>One operator at its place in a network.</summary>
/// <param name="Index">Position in the topological order; 0 is the input.</param>
/// <param name="Name">Name in the model, unique in the network.</param>
/// <param name="Operator">The operation.</param>
/// <param name="Inputs">Indices of the nodes that it reads, all smaller than its own.</param>
/// <param name="Shape">Shape of its output for one image.</param>
public sealed record Node(int Index, string Name, Operator Operator, IReadOnlyList<int> Inputs, Shape Shape);
