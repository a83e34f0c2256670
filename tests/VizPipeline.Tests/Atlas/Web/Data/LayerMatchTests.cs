using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>Tests how a compared layer counts its neurons.</summary>
public sealed class LayerMatchTests
{
    [Fact]
    public void Whole_and_renewed_neurons_are_counted_by_what_they_keep()
    {
        var layer = new Layer { Name = "conv1", Kind = "conv", Operator = "Conv" };
        // The fourth has only three images that both sets contain, and keeps them all.
        var match = new LayerMatch(layer, layer,
            [new(0, 0, 9, 1, 1), new(1, 4, 9, 1, 1), new(2, 8, 9, 1, 1), new(3, 3, 3, 1, 1), new(4, 9, 9, 1, 1)]);
        Assert.Equal((2, 1, 2), (match.Whole, match.Renewed, match.Changed));
    }
}
