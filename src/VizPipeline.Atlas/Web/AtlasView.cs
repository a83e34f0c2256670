using System.Collections.Concurrent;
using System.Text;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Web.Export;

namespace VizPipeline.Web;

/// <summary>An atlas as pages need it: its row, spec and layers.</summary>
public sealed class AtlasView
{
    private const int SpecsKept = 32;
    // By their text: reading it again for every tile would be most of a request's work.
    private static readonly ConcurrentDictionary<string, AtlasSpec> Specs = new();

    private AtlasView(Atlas row, AtlasSpec spec, IReadOnlyList<Layer> layers)
    {
        (Row, Spec, Layers, Views, Names) = (row, spec, layers, TileView.Of(spec), new AtlasNames(spec));
    }

    /// <summary>The atlas in the catalog.</summary>
    public Atlas Row { get; }

    /// <summary>What determines it.</summary>
    public AtlasSpec Spec { get; }

    /// <summary>Its layers in their order.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>What tiles may show.</summary>
    public IReadOnlyList<TileView> Views { get; }

    /// <summary>Names of classes and outputs.</summary>
    internal AtlasNames Names { get; }

    /// <summary>Its id.</summary>
    public string Id => Row.Slug;

    /// <summary>Whether nothing of it will change any more.</summary>
    public bool IsFinished => Row.State is AtlasState.Completed or AtlasState.CompletedWithFailures;

    /// <summary>Whether its pictures are what they will always be: a retry draws again what failed.</summary>
    public bool IsFinal => Row.State is AtlasState.Completed;

    /// <summary>The view that tells most about a neuron at a glance.</summary>
    public TileView DefaultView => Views.Count > 0 ? Views[0] : TileView.Top9;

    /// <summary>Opens an atlas; null where there is none of that id.</summary>
    public static async Task<AtlasView?> FindAsync(CatalogContext catalog, string id, CancellationToken cancellation)
    {
        if (!AtlasSpec.IsId(id) || await catalog.FindAtlasAsync(id, cancellation) is not { } row)
            return null;
        return new AtlasView(row, SpecOf(row), await catalog.LayersAsync(row.Id, cancellation));
    }

    /// <summary>The spec of an atlas's row.</summary>
    public static AtlasSpec SpecOf(Atlas row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (Specs.Count > SpecsKept)
            Specs.Clear();
        return Specs.GetOrAdd(row.Spec, text => VizJson.Read<AtlasSpec>(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>A layer by the name that it has in addresses and keys; null where there is none.</summary>
    public Layer? Layer(string slug) => Layers.FirstOrDefault(layer => SlugOf(layer) == slug);

    /// <summary>A layer's name in addresses and keys.</summary>
    public static string SlugOf(Layer layer) => AtlasKeys.LayerFileName(layer.Name);

    /// <summary>Numbers of the classes with a text in their names, in any case.</summary>
    public IReadOnlyList<int> ClassesNamed(string text) => Named(Math.Max(Spec.Images.Classes.Count, Spec.OutputNames.Count), index => ClassName(index), text);

    /// <summary>Numbers of the outputs with a text in their names, in any case.</summary>
    public IReadOnlyList<int> OutputsNamed(string text) => Named(Spec.OutputNames.Count, index => Spec.OutputNames[index], text);

    /// <summary>A class's name; its number where nobody named it, null for none.</summary>
    public string? ClassName(int? label) => Names.Class(label);

    private static List<int> Named(int count, Func<int, string?> name, string text) =>
        [.. Enumerable.Range(0, count).Where(index => name(index)?.Contains(text, StringComparison.OrdinalIgnoreCase) == true)];
}
