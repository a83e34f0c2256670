using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The tables that answer questions about kept activations.</summary>
internal static class ActivationTables
{
    /// <summary>One row per layer: what is kept of it.</summary>
    public static ExportTable<LayerRow> Layers { get; } = new("kept_layers",
    [
        new("layer", Text, row => row.Layer),
        new("neurons", Integer, row => row.Neurons),
        new("images", Integer, row => row.Images),
        new("images_of_set", Integer, row => row.ImagesOfSet),
        new("positions", Flag, row => row.Positions),
        new("bytes", Long, row => row.Bytes),
    ]);

    /// <summary>One row per image: the activation of one neuron on it.</summary>
    public static ExportTable<NeuronImage> Images { get; } = new("activations", [.. CreateImageColumns<NeuronImage>(row => row)]);

    /// <summary>One row per image of a neuron's top list.</summary>
    public static ExportTable<(int Rank, NeuronImage Image)> Top { get; } = new(
        "top", [new("rank", Integer, row => row.Rank), .. CreateImageColumns<(int Rank, NeuronImage Image)>(row => row.Image)]);

    /// <summary>One row per image that was drawn from a band, or is one of the strongest of a class.</summary>
    public static ExportTable<(ExemplarGroup Group, NeuronImage Image)> Exemplars { get; } = new("exemplars",
    [
        new("kind", Text, row => row.Group.Kind),
        new("group", Text, row => row.Group.Name),
        new("low", ColumnKind.Double, row => row.Group.Low),
        new("high", ColumnKind.Double, row => row.Group.High),
        new("mean", ColumnKind.Double, row => row.Group.Mean),
        new("images", Integer, row => row.Group.Count),
        .. CreateImageColumns<(ExemplarGroup Group, NeuronImage Image)>(row => row.Image),
    ]);

    /// <summary>One row per class: the mean activation of one neuron over its images.</summary>
    public static ExportTable<ClassRow> Classes { get; } = new("class_means",
    [
        new("class", Text, row => row.Class),
        new("class_index", Integer, row => row.Index),
        new("images", Integer, row => row.Images),
        new("mean", ColumnKind.Single, row => row.Mean),
    ]);

    /// <summary>One row per neuron: its activation on one image.</summary>
    public static ExportTable<NeuronRow> Neurons { get; } = new("image_activations",
    [
        new("layer", Text, row => row.Layer.Name),
        new("channel", Integer, row => row.Neuron.Channel),
        new("name", Text, row => row.Name),
        new("activation", ColumnKind.Single, row => row.Activation),
        new("max", ColumnKind.Double, row => row.Neuron.Max),
        new("share_of_max", ColumnKind.Double, row => row.ShareOfMax),
    ]);

    /// <summary>One row per neuron: how selective it is for some classes together.</summary>
    public static ExportTable<SelectiveRow> Selective { get; } = new("selective",
    [
        new("layer", Text, row => row.Layer.Name),
        new("channel", Integer, row => row.Neuron.Channel),
        new("name", Text, row => row.Name),
        new("selectivity", ColumnKind.Double, row => row.Selectivity),
        new("mean", ColumnKind.Double, row => row.Mean),
        new("mean_of_others", ColumnKind.Double, row => row.MeanOfOthers),
    ]);

    /// <summary>One row per image: how alike it is to one image.</summary>
    public static ExportTable<AlikeRow> Alike { get; } = new("alike",
    [
        new("image", Integer, row => row.Image),
        new("path", Text, row => row.Path),
        new("class", Text, row => row.Class),
        new("similarity", ColumnKind.Single, row => row.Similarity),
    ]);

    private static IEnumerable<ExportColumn<TRow>> CreateImageColumns<TRow>(Func<TRow, NeuronImage> image) =>
    [
        new("image", Integer, row => image(row).Image),
        new("path", Text, row => image(row).Path),
        new("class", Text, row => image(row).Class),
        new("activation", ColumnKind.Single, row => image(row).Activation),
        new("y", Integer, row => image(row).Y),
        new("x", Integer, row => image(row).X),
    ];

    /// <summary>What is kept of a layer.</summary>
    internal sealed record LayerRow(string Layer, int Neurons, int Images, int ImagesOfSet, bool Positions, long Bytes);

    /// <summary>A class, the number of its images, and a neuron's mean activation over them.</summary>
    internal sealed record ClassRow(string? Class, int Index, int Images, float Mean);

    /// <summary>A neuron and its activation on an image.</summary>
    /// <param name="Layer">The layer.</param>
    /// <param name="Neuron">The neuron.</param>
    /// <param name="Name">The name of an output neuron.</param>
    /// <param name="Activation">The activation.</param>
    internal sealed record NeuronRow(Layer Layer, Neuron Neuron, string? Name, float Activation)
    {
        /// <summary>
        /// The activation as a share of the neuron's largest over the image set, which makes neurons comparable; null if that is not above
        /// 0.
        /// </summary>
        public double? ShareOfMax => Neuron.Max > 0 ? Activation / Neuron.Max : null;
    }

    /// <summary>A neuron and its selectivity for some classes together.</summary>
    /// <param name="Layer">The layer.</param>
    /// <param name="Neuron">The neuron.</param>
    /// <param name="Name">The name of an output neuron.</param>
    /// <param name="Selectivity">From -1, for only the other classes, to 1, for only these.</param>
    /// <param name="Mean">The mean of these classes' mean activations.</param>
    /// <param name="MeanOfOthers">The mean of the other classes' mean activations.</param>
    internal sealed record SelectiveRow(
        Layer Layer, Neuron Neuron, string? Name, double Selectivity, double Mean, double MeanOfOthers);

    /// <summary>An image and its similarity to another.</summary>
    internal sealed record AlikeRow(int Image, string Path, string? Class, float Similarity);
}
