namespace VizPipeline.Network.Graph;

/// <summary>Computes receptive fields (docs/methods.md, section 1).</summary>
public static class ReceptiveFields
{
    /// <summary>Computes the receptive field of <paramref name="target"/>: the bounding box over all paths to the input.</summary>
    public static ReceptiveField Compute(NetworkGraph graph, int target)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var (extents, whole) = RegionPlan.Propagate(graph, target, (op, inputs, input) => op.FieldOver(inputs, input));
        var input = graph.InputShape;
        if (whole[0] || extents[0] is not { } extent)
            return ReceptiveField.Whole(input.Height, input.Width);
        return new ReceptiveField(
            new FieldAxis(extent.Y.Size, extent.Y.Stride, extent.Y.Start), new FieldAxis(extent.X.Size, extent.X.Stride, extent.X.Start));
    }

    /// <summary>
    /// Returns whether a position of <paramref name="target"/> depends on its receptive field alone. After a gate computed from the whole
    /// map (squeeze-excitation) or statistics of it (group normalisation), it also depends on the rest of the image.
    /// </summary>
    public static bool ContainDependencies(NetworkGraph graph, int target)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var (extents, whole) = RegionPlan.Propagate(graph, target, (op, inputs, _) => op.ReachOver(inputs));
        return Compute(graph, target).IsWhole || (!whole[0] && extents[0] is not null);
    }
}
