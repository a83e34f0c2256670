using VizPipeline.Jobs;

namespace VizPipeline.Web;

/// <summary>Addresses of pages and files: of the server, or of files beside each other in a site without one.</summary>
public abstract class Links
{
    /// <summary>Whether there is no server: no live tool, no search, no API.</summary>
    public abstract bool IsStatic { get; }

    /// <summary>The list of atlases.</summary>
    public abstract string Home { get; }

    /// <summary>An atlas.</summary>
    public abstract string Atlas(string atlas);

    /// <summary>A layer, by the name that it has in keys.</summary>
    public abstract string Layer(string atlas, string layer);

    /// <summary>A neuron: the address that papers may cite.</summary>
    public abstract string Neuron(string atlas, string layer, int channel);

    /// <summary>The classes.</summary>
    public abstract string Classes(string atlas);

    /// <summary>A class.</summary>
    public abstract string Class(string atlas, int index);

    /// <summary>An image of the set.</summary>
    public abstract string Image(string atlas, int index);

    /// <summary>What the network sees of an image of the set; null where source pixels are left out.</summary>
    public abstract string? Crop(string atlas, int index);

    /// <summary>A small picture of a neuron; null where source pixels are left out.</summary>
    public abstract string? Tile(string atlas, string layer, TileView view, int channel);

    /// <summary>What <see cref="Tile"/> puts before view and channel, for scripts that switch views.</summary>
    public abstract string TileBase(string atlas, string layer);

    /// <summary>A picture as it was drawn, by its key.</summary>
    public abstract string? Picture(string atlas, string key, bool isSource);

    /// <summary>A script, style or icon.</summary>
    public abstract string Asset(string name);
}

/// <summary>Addresses of the server.</summary>
public sealed class ServerLinks : Links
{
    /// <summary>The only one.</summary>
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
    public override string Tile(string atlas, string layer, TileView view, int channel) => $"{TileBase(atlas, layer)}{view.Id}/{channel:D5}.jpg";

    /// <inheritdoc/>
    public override string TileBase(string atlas, string layer) => $"/atlases/{atlas}/tiles/{layer}/";

    /// <inheritdoc/>
    public override string Picture(string atlas, string key, bool isSource) => $"/atlases/{atlas}/pictures/{key[(AtlasKeys.Root(atlas).Length + 1)..]}";

    /// <inheritdoc/>
    public override string Asset(string name) => $"/assets/{Assets.Version(name)}/{name}";
}
