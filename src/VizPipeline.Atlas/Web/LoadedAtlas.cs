using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using VizPipeline.Atlas.Export;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web;

/// <summary>An atlas loaded from the catalog: its row, spec and layers.</summary>
public sealed class LoadedAtlas
{
    private const double LeastPerClass = 4;
    private const int SpecsKept = 32;
    // Keyed by their JSON: parsing it again for every tile would dominate the cost of the request.
    private static readonly ConcurrentDictionary<string, AtlasSpec> Specs = new();

    private LoadedAtlas(Catalog.Atlas row, AtlasSpec spec, IReadOnlyList<Layer> layers)
    {
        (Row, Spec, Layers, Views, Names) = (row, spec, layers, TileView.ListFor(spec), new AtlasNames(spec));
    }

    /// <summary>The atlas's row in the catalog.</summary>
    public Catalog.Atlas Row { get; }

    /// <summary>The spec that the atlas was built from.</summary>
    public AtlasSpec Spec { get; }

    /// <summary>The observed layers in network order.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>The views that tiles can show.</summary>
    public IReadOnlyList<TileView> Views { get; }

    /// <summary>The names of classes and outputs.</summary>
    internal AtlasNames Names { get; }

    /// <summary>The id of the atlas.</summary>
    public string Id => Row.Slug;

    /// <summary>Whether all jobs have ended, successfully or not.</summary>
    public bool IsFinished => Row.State is AtlasState.Completed or AtlasState.CompletedWithFailures;

    /// <summary>Whether its pictures no longer change. After failures they may, because a retry draws the missing ones.</summary>
    public bool IsFinal => Row.State is AtlasState.Completed;

    /// <summary>
    /// What the addresses of its pictures contain, so that browsers may keep the pictures for good: it changes when the atlas is built
    /// again, and with the version of this program, which draws the tiles. Null while the pictures may change.
    /// </summary>
    public string? Version => !IsFinal ? null : field ??= Convert.ToHexStringLower(XxHash64.Hash(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{Row.SpecHash} {Row.FinishedAt?.Ticks} {typeof(Tiles).Module.ModuleVersionId}"))));

    /// <summary>The average number of images of a class of the image set.</summary>
    public double ImagesPerClass => Spec.Images.Count / (double)Math.Max(1, Spec.Images.Classes.Count);

    /// <summary>
    /// Whether the image set has classes with enough images to tell which one a neuron prefers. With fewer, the best class of a neuron is
    /// that of its strongest image.
    /// </summary>
    public bool TellsClasses => Spec.Images.Classes.Count > 0 && ImagesPerClass >= LeastPerClass;

    /// <summary>The view shown first.</summary>
    public TileView DefaultView => Views.Count > 0 ? Views[0] : TileView.Top9;

    /// <summary>Loads an atlas; returns null if the catalog has none with that id.</summary>
    public static async Task<LoadedAtlas?> FindAsync(CatalogContext catalog, string id, CancellationToken cancellation)
    {
        if (!AtlasSpec.IsId(id) || await catalog.FindAtlasAsync(id, cancellation) is not { } row)
            return null;
        var spec = ParseSpec(row);
        return new LoadedAtlas(row, spec, await catalog.LayersAsync(row.Id, spec, cancellation));
    }

    /// <summary>Parses the spec of an atlas, or returns the cached one.</summary>
    public static AtlasSpec ParseSpec(Catalog.Atlas row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (Specs.Count > SpecsKept)
            Specs.Clear();
        return Specs.GetOrAdd(row.Spec, _ => row.ReadSpec());
    }

    /// <summary>The network's output layer; null if the atlas does not observe it.</summary>
    public Layer? OutputLayer => Layers.FirstOrDefault(layer => layer.Kind == "output");

    /// <summary>Finds a layer by its index, <see cref="LayerSpec.Index"/>; returns null if there is none.</summary>
    public Layer? FindLayer(int index) => Layers.FirstOrDefault(layer => layer.LayerIndex == index);

    /// <summary>Returns the place in <see cref="Layers"/> of the layer with an index; -1 if there is none.</summary>
    public int FindPlace(int index) => Layers.Index().FirstOrDefault(layer => layer.Item.LayerIndex == index, (-1, null!)).Index;

    /// <summary>Returns the activations of a layer among those of all layers, as workers answer them; empty if it has none.</summary>
    public float[] FindActivations(IReadOnlyList<float[]> activations, Layer layer)
    {
        ArgumentNullException.ThrowIfNull(activations);
        ArgumentNullException.ThrowIfNull(layer);
        var place = Spec.Layers.Index().FirstOrDefault(of => of.Item.Index == layer.LayerIndex, (-1, null!)).Index;
        return place >= 0 && place < activations.Count ? activations[place] : [];
    }

    /// <summary>Finds a layer by its slug; returns null if there is none.</summary>
    public Layer? Layer(string slug) => Layers.FirstOrDefault(layer => GetSlug(layer) == slug);

    /// <summary>Returns a layer's slug, its name in addresses and object keys.</summary>
    public static string GetSlug(Layer layer) => AtlasKeys.LayerFileName(layer.Name);

    /// <summary>Returns the indices of the classes whose names contain a text, ignoring case.</summary>
    public IReadOnlyList<int> FindClasses(string text) =>
        FindNames(Spec.Images.Classes.Count, index => Spec.Images.Classes[index], text);

    /// <summary>Returns the indices of the outputs whose names contain a text, ignoring case.</summary>
    public IReadOnlyList<int> FindOutputs(string text) => FindNames(Spec.OutputNames.Count, index => Spec.OutputNames[index], text);

    /// <summary>Returns the name of a class, its number if it has no name, or null for null.</summary>
    public string? ClassName(int? label) => Names.Class(label);

    private static List<int> FindNames(int count, Func<int, string?> name, string text) =>
        [.. Enumerable.Range(0, count).Where(index => name(index)?.Contains(text, StringComparison.OrdinalIgnoreCase) == true)];
}
