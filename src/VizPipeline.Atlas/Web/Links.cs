using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web;

/// <summary>Addresses of pages and files, either on the server or in a static site.</summary>
public abstract class Links
{
    /// <summary>Whether the site is static: without live tool, search and API.</summary>
    public abstract bool IsStatic { get; }

    /// <summary>The list of atlases.</summary>
    public abstract string Home { get; }

    /// <summary>The page of an atlas.</summary>
    public abstract string Atlas(string atlas);

    /// <summary>The page of a layer, given its slug.</summary>
    public abstract string Layer(string atlas, string layer);

    /// <summary>The page of a neuron. Papers may cite this address, so it does not change.</summary>
    public abstract string Neuron(string atlas, string layer, int channel);

    /// <summary>The list of classes.</summary>
    public abstract string Classes(string atlas);

    /// <summary>The page of a class.</summary>
    public abstract string Class(string atlas, int index);

    /// <summary>The page of an image of the image set.</summary>
    public abstract string Image(string atlas, int index);

    /// <summary>The crop of an image that the network sees; null if the site omits source pixels.</summary>
    public abstract string? Crop(string atlas, int index);

    /// <summary>The tile of a neuron, a small picture; null if it shows source pixels and the site omits them.</summary>
    public abstract string? Tile(string atlas, string layer, TileView view, int channel);

    /// <summary>The part of <see cref="Tile"/> before view and channel, for scripts that switch views.</summary>
    public abstract string TileBase(string atlas, string layer);

    /// <summary>A picture at full size, by its object key.</summary>
    public abstract string? Picture(string atlas, string key, bool isSource);

    /// <summary>A script, stylesheet or icon.</summary>
    public abstract string Asset(string name);
}

/// <summary>Addresses on the server.</summary>
public sealed class ServerLinks : Links
{
    /// <summary>The only instance.</summary>
    public static ServerLinks Instance { get; } = new();

    /// <inheritdoc/>
    public override bool IsStatic => false;

    /// <inheritdoc/>
    public override string Home => "/";

    /// <inheritdoc/>
    public override string Atlas(string atlas) => $"/atlases/{atlas}";

    /// <inheritdoc/>
    public override string Layer(string atlas, string layer) => $"/atlases/{atlas}/layers/{layer}";

    /// <inheritdoc/>
    public override string Neuron(string atlas, string layer, int channel) => $"/atlases/{atlas}/neurons/{layer}/{channel}";

    /// <inheritdoc/>
    public override string Classes(string atlas) => $"/atlases/{atlas}/classes";

    /// <inheritdoc/>
    public override string Class(string atlas, int index) => $"/atlases/{atlas}/classes/{index}";

    /// <inheritdoc/>
    public override string Image(string atlas, int index) => $"/atlases/{atlas}/images/{index}";

    /// <inheritdoc/>
    public override string Crop(string atlas, int index) => $"/atlases/{atlas}/crops/{index}.jpg";

    /// <inheritdoc/>
    public override string Tile(string atlas, string layer, TileView view, int channel) =>
        $"{TileBase(atlas, layer)}{view.Id}/{channel:D5}.jpg";

    /// <inheritdoc/>
    public override string TileBase(string atlas, string layer) => $"/atlases/{atlas}/tiles/{layer}/";

    /// <inheritdoc/>
    public override string Picture(string atlas, string key, bool isSource) =>
        $"/atlases/{atlas}/pictures/{key[(AtlasKeys.Root(atlas).Length + 1)..]}";

    /// <inheritdoc/>
    public override string Asset(string name) => $"/assets/{Assets.Version(name)}/{name}";
}
