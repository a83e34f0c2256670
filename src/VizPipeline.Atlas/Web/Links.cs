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

    /// <summary>The page with the lists of neurons that a browser knows; null without a server.</summary>
    public virtual string? Lists(string atlas) => null;

    /// <summary>The page of an image of the image set.</summary>
    public abstract string Image(string atlas, int index);

    /// <summary>The crop of an image that the network sees; null if the site omits source pixels.</summary>
    public abstract string? Crop(string atlas, int index);

    /// <summary>The same part of an image with more pixels than the network sees, where the site has it.</summary>
    public virtual string? LargeCrop(string atlas, int index) => Crop(atlas, index);

    /// <summary>The tile of a neuron, a small picture; null if it shows source pixels and the site omits them.</summary>
    public abstract string? Tile(string atlas, string layer, TileView view, int channel);

    /// <summary>The part of <see cref="Tile"/> before view and channel, for scripts that switch views.</summary>
    public abstract string TileBase(string atlas, string layer);

    /// <summary>A picture at full size, by its object key.</summary>
    public abstract string? Picture(string atlas, string key, bool isSource);

    /// <summary>The first page of the atlas's story.</summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="language">The tag of the language; empty for the one that the browser prefers.</param>
    public abstract string Story(string atlas, string language);

    /// <summary>The story of a neuron, or a part of it, such as <c>/ascent</c>.</summary>
    public abstract string StoryOf(string atlas, string layer, int channel, string language, string part = "");

    /// <summary>A picture of a neuron's story; null if it shows source pixels and the site omits them.</summary>
    public abstract string? StoryPicture(string atlas, string layer, int channel, string file);

    /// <summary>A script, stylesheet or icon.</summary>
    public abstract string Asset(string name);
}

/// <summary>Addresses on the server.</summary>
public sealed class ServerLinks : Links
{
    private readonly IReadOnlyDictionary<string, string> _versions;

    private ServerLinks(IReadOnlyDictionary<string, string> versions) => _versions = versions;

    /// <summary>Addresses that are the same for every atlas, of pages without pictures.</summary>
    public static ServerLinks Instance { get; } = new(new Dictionary<string, string>());

    /// <summary>
    /// Returns links for a page with pictures of these atlases. The addresses of a finished atlas's pictures contain its version, so that
    /// browsers keep them.
    /// </summary>
    public static ServerLinks For(params IEnumerable<LoadedAtlas> atlases) => new(
        atlases.DistinctBy(atlas => atlas.Id).Where(atlas => atlas.Version is not null)
        .ToDictionary(atlas => atlas.Id, atlas => atlas.Version!));

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
    public override string Lists(string atlas) => $"/atlases/{atlas}/lists";

    /// <inheritdoc/>
    public override string Image(string atlas, int index) => $"/atlases/{atlas}/images/{index}";

    /// <inheritdoc/>
    public override string Crop(string atlas, int index) => $"{Pictures(atlas)}/crops/{index}.jpg";

    /// <inheritdoc/>
    public override string LargeCrop(string atlas, int index) => $"{Pictures(atlas)}/crops/large/{index}.jpg";

    /// <inheritdoc/>
    public override string Tile(string atlas, string layer, TileView view, int channel) =>
        $"{TileBase(atlas, layer)}{view.Id}/{channel:D5}.jpg";

    /// <inheritdoc/>
    public override string TileBase(string atlas, string layer) => $"{Pictures(atlas)}/tiles/{layer}/";

    /// <inheritdoc/>
    public override string Picture(string atlas, string key, bool isSource) =>
        $"{Pictures(atlas)}/pictures/{key[(AtlasKeys.Root(atlas).Length + 1)..]}";

    /// <inheritdoc/>
    public override string Story(string atlas, string language) => $"/atlases/{atlas}/story{Query(language)}";

    /// <inheritdoc/>
    public override string StoryOf(string atlas, string layer, int channel, string language, string part = "") =>
        $"/atlases/{atlas}/story/{layer}/{channel}{part}{Query(language)}";

    /// <inheritdoc/>
    public override string StoryPicture(string atlas, string layer, int channel, string file) =>
        $"{Pictures(atlas)}/story/{layer}/{channel}/{file}";

    private static string Query(string language) => language.Length > 0 ? $"?lang={language}" : "";

    /// <inheritdoc/>
    public override string Asset(string name) => $"/assets/{Assets.Version(name)}/{name}";

    private string Pictures(string atlas) =>
        _versions.TryGetValue(atlas, out var version) ? $"/atlases/{atlas}/at/{version}" : $"/atlases/{atlas}";
}
