using System.Globalization;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Story;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Site;

/// <summary>Addresses in a static site, relative to the page that contains them.</summary>
/// <param name="depth">The number of folders between the site's root and the page.</param>
/// <param name="withSources">Whether the site includes pixels of the image set.</param>
public sealed class StaticLinks(int depth, bool withSources) : Links
{
    private readonly string _up = string.Concat(Enumerable.Repeat("../", depth));

    /// <inheritdoc/>
    public override bool IsStatic => true;

    /// <inheritdoc/>
    public override string Home => _up + "index.html";

    /// <inheritdoc/>
    public override string Atlas(string atlas) => Home;

    /// <inheritdoc/>
    public override string Layer(string atlas, string layer) => _up + LayerFile(layer);

    /// <inheritdoc/>
    public override string Neuron(string atlas, string layer, int channel) => _up + NeuronFile(layer, channel);

    /// <inheritdoc/>
    public override string Classes(string atlas) => _up + "classes/index.html";

    /// <inheritdoc/>
    public override string Class(string atlas, int index) => _up + ClassFile(index);

    /// <inheritdoc/>
    public override string Image(string atlas, int index) => _up + ImageFile(index);

    /// <inheritdoc/>
    public override string? Crop(string atlas, int index) => withSources ? _up + CropFile(index) : null;

    /// <inheritdoc/>
    public override string? Tile(string atlas, string layer, TileView view, int channel)
    {
        ArgumentNullException.ThrowIfNull(view);
        return withSources || !view.IsSource ? _up + TileFile(layer, view, channel) : null;
    }

    /// <inheritdoc/>
    public override string TileBase(string atlas, string layer) => $"{_up}tiles/{layer}/";

    /// <inheritdoc/>
    public override string? Picture(string atlas, string key, bool isSource) =>
        withSources || !isSource ? _up + PictureFile(atlas, key) : null;

    /// <inheritdoc/>
    public override string Story(string atlas, string language) =>
        _up + StoryFile(language.Length > 0 ? language : StoryLanguage.Default);

    /// <inheritdoc/>
    public override string StoryOf(string atlas, string layer, int channel, string language, string part = "") =>
        _up + StoryFile(language, layer, channel);

    /// <inheritdoc/>
    public override string? StoryPicture(string atlas, string layer, int channel, string file)
    {
        return withSources || !StoryMaterial.IsSource(file) ? _up + StoryPictureFile(layer, channel, file) : null;
    }

    /// <inheritdoc/>
    public override string Asset(string name) => $"{_up}assets/{name}";

    internal static string StoryFile(string language) => $"story/{language}/index.html";

    internal static string StoryFile(string language, string layer, int channel) =>
        string.Create(CultureInfo.InvariantCulture, $"story/{language}/{layer}-{channel:D5}.html");

    internal static string StoryPictureFile(string layer, int channel, string file) =>
        string.Create(CultureInfo.InvariantCulture, $"story/pictures/{layer}-{channel:D5}/{file}");

    internal static string LayerFile(string layer) => $"layers/{layer}.html";

    internal static string NeuronFile(string layer, int channel) =>
        string.Create(CultureInfo.InvariantCulture, $"neurons/{layer}/{channel:D5}.html");

    internal static string ClassFile(int index) => string.Create(CultureInfo.InvariantCulture, $"classes/{index}.html");

    internal static string ImageFile(int index) => string.Create(CultureInfo.InvariantCulture, $"images/{index}.html");

    internal static string CropFile(int index) => string.Create(CultureInfo.InvariantCulture, $"crops/{index}.jpg");

    internal static string TileFile(string layer, TileView view, int channel) =>
        string.Create(CultureInfo.InvariantCulture, $"tiles/{layer}/{view.Id}/{channel:D5}.jpg");

    internal static string PictureFile(string atlas, string key) => key[(AtlasKeys.Root(atlas).Length + 1)..];
}
