using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The tables <c>lists</c> and <c>listed_neurons</c>: lists of neurons, and what is in them.</summary>
internal static class ListExport
{
    public static ExportTable<NeuronList> Lists { get; } = new("lists",
    [
        new("list", Text, list => list.Id, "id of the list, with which everybody may read it"),
        new("title", Text, list => list.Title, "title"),
        new("neurons", Integer, list => list.Neurons.Count, "number of neurons in it"),
        new("created_at", Text, list => AtlasTable.FormatTime(list.CreatedAt), "when it was made, UTC"),
        new("changed_at", Text, list => AtlasTable.FormatTime(list.ChangedAt), "when it was last changed, UTC"),
    ], "one row per list");

    public static ExportTable<Row> Neurons { get; } = new("listed_neurons",
    [
        new("layer", Text, row => row.Entry.Layer, "name of the layer"),
        new("channel", Integer, row => row.Entry.Channel, "number of the neuron in its layer"),
        new("name", Text, row => row.Neuron?.Name, "name of the output; null in other layers"),
        new("note", Text, row => row.Entry.Note, "what somebody wrote about it"),
        new("added_at", Text, row => AtlasTable.FormatTime(row.Entry.AddedAt), "when it was added, UTC"),
        new("page", Text, row => row.Page, "address of the neuron's page; null if the atlas has no such neuron any more"),
    ], "one row per neuron in the list, in the order in which they were added");

    /// <summary>Creates the rows of a list.</summary>
    public static IEnumerable<Row> CreateRows(LoadedAtlas atlas, ListContents contents) => contents.Neurons.Select(row => new Row(
        row.Entry, row.Neuron, row is { Layer: { } layer, Neuron: not null }
            ? ServerLinks.Instance.Neuron(atlas.Id, LoadedAtlas.GetSlug(layer), row.Entry.Channel) : null));

    /// <summary>A neuron in a list.</summary>
    internal sealed record Row(ListedNeuron Entry, Neuron? Neuron, string? Page);
}
