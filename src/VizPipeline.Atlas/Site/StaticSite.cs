using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Atlas.Web.Pages;
using VizPipeline.Atlas.Web.Story;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.ImageStore;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Site;

/// <summary>Progress of writing a site: neuron pages written, and neuron pages in total.</summary>
public readonly record struct SiteProgress(int Done, int Total);

/// <summary>
/// Writes an atlas as a static site: the same pages as on the server, with relative addresses, so that they open from a local disk or any
/// web server or bucket. Live tool, search and API are left out; the story tells of the neurons that it chose itself.
/// </summary>
/// <param name="database">The catalog.</param>
/// <param name="store">The object store with the atlas's pictures.</param>
/// <param name="roots">Opens the image set; images that are not available are left out.</param>
/// <param name="withSources">Whether the site includes pixels of the image set; otherwise it shows boxes and names instead.</param>
/// <param name="live">Reaches a worker, which makes the pictures of the story; null if there is none.</param>
public sealed class StaticSite(
    CatalogDatabase database, IObjectStore store, ImageRoot roots, bool withSources, ILiveRequests? live = null)
{
    /// <summary>Why the story has stored pictures only, after writing; null if it has all.</summary>
    public string? StoryFault { get; private set; }

    /// <summary>Writes the site. Existing files of the site are overwritten, other files are left alone.</summary>
    /// <param name="atlasId">The id of the atlas.</param>
    /// <param name="folder">The site's folder; created if it does not exist.</param>
    /// <param name="progress">Receives the progress from time to time.</param>
    /// <param name="cancellation">Cancels writing.</param>
    /// <returns>The number of files written.</returns>
    public async Task<int> WriteAsync(string atlasId, string folder, IProgress<SiteProgress>? progress, CancellationToken cancellation)
    {
        await using var services = new ServiceCollection().AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).BuildServiceProvider();
        await using var catalog = database.Open();
        var atlas = await LoadedAtlas.FindAsync(catalog, atlasId, cancellation)
            ?? throw new ArgumentException($"there is no atlas '{atlasId}'", nameof(atlasId));
        using var sources = new SourceCrops(roots);
        using var similar = new SimilarNeuronsCache(store, TimeProvider.System);
        using var links = new LinkTables(store);
        var reader = new NeuronReader(similar, links);
        var writer = new Writer(folder, new PageRenderer(services, NullLoggerFactory.Instance), atlas, withSources, progress);
        await writer.WriteAssetsAsync(cancellation);
        await writer.WritePageAsync<AtlasPage>(
            "index.html", cancellation, ("Contents", await AtlasContents.ReadAsync(catalog, atlas, now: null, cancellation)));
        var classes = await ClassSummary.ReadAllAsync(catalog, atlas, cancellation);
        await writer.WritePageAsync<ClassesPage>("classes/index.html", cancellation, ("Classes", classes));
        foreach (var line in classes)
        {
            if (await ClassContents.ReadAsync(catalog, atlas, line.Index, cancellation) is { } contents)
                await writer.WritePageAsync<ClassPage>(StaticLinks.ClassFile(line.Index), cancellation, ("Contents", contents));
        }
        var images = new SortedSet<int>(classes.Count > 0 ? await ListShownImagesAsync(catalog, atlas, classes, cancellation) : []);
        foreach (var layer in atlas.Layers)
            images.UnionWith(await WriteLayerAsync(catalog, atlas, layer, writer, reader, links, cancellation));
        foreach (var index in images)
            await WriteImageAsync(catalog, atlas, index, writer, sources, cancellation);
        await WriteStoryAsync(catalog, atlas, writer, reader, links, cancellation);
        return writer.Files;
    }

    private static async Task<IEnumerable<int>> ListShownImagesAsync(
        CatalogContext catalog, LoadedAtlas atlas, IReadOnlyList<ClassSummary> classes, CancellationToken cancellation)
    {
        var shown = new List<int>();
        foreach (var line in classes)
            shown.AddRange(
                (await ClassContents.ReadAsync(catalog, atlas, line.Index, cancellation))?.Images.Select(image => image.ImageIndex) ?? []);
        return shown;
    }

    /// <returns>The images that the layer's pages show.</returns>
    private async Task<IReadOnlyCollection<int>> WriteLayerAsync(
        CatalogContext catalog, LoadedAtlas atlas, Layer layer, Writer writer, NeuronReader reader, LinkTables links,
        CancellationToken cancellation)
    {
        var (slug, contents) = (LoadedAtlas.GetSlug(layer), await LayerContents.ReadAsync(
            catalog, atlas, layer, links, store, cancellation));
        await writer.WritePageAsync<LayerPage>(StaticLinks.LayerFile(slug), cancellation, ("Contents", contents));
        foreach (var (key, isSource) in new[] { (contents.FiltersKey, false), (layer.SheetKey, SourcePixels.AreInSheets) })
        {
            if (key is not null && (withSources || !isSource) && await store.TryGetAsync(key, cancellation) is { } picture)
                await writer.WriteFileAsync(StaticLinks.PictureFile(atlas.Id, key), picture, cancellation);
        }
        var images = new HashSet<int>();
        foreach (var neuron in contents.Neurons)
        {
            var all = await CatalogLookup.GetNeuronAsync(reader, catalog, atlas, layer, neuron.Channel, cancellation);
            await writer.WritePageAsync<NeuronPage>(StaticLinks.NeuronFile(slug, neuron.Channel), cancellation, ("Contents", all));
            var crops = await Tiles.ReadCropsAsync(catalog, atlas.Spec, layer.Id, neuron.Channel, cancellation);
            await WritePicturesAsync(atlas, layer, neuron.Channel, crops, writer, links, cancellation);
            foreach (var picture in all.Pictures.Where(picture => picture.Method == PictureMethod.Facets))
            {
                if (picture.Key is { } key && (withSources || !SourcePixels.AreIn(picture.Method))
                    && await store.TryGetAsync(key, cancellation) is { } bytes)
                    await writer.WriteFileAsync(StaticLinks.PictureFile(atlas.Id, key), bytes, cancellation);
            }
            images.UnionWith(all.Patches.Select(patch => patch.Image.ImageIndex));
        }
        return images;
    }

    private async Task WritePicturesAsync(
        LoadedAtlas atlas, Layer layer, int channel, IReadOnlyList<System.Drawing.Rectangle?> crops, Writer writer, LinkTables links,
        CancellationToken cancellation)
    {
        byte[]? picture = null;
        string? last = null;
        foreach (var view in atlas.Views.Where(view => withSources || !view.IsSource))
        {
            if (view.Key(atlas.Id, layer.Name, channel) is not { } key)
            {
                foreach (var scale in new[] { TileView.Filter, TileView.FilterOfLayer })
                {
                    if (await links.FindAsync(atlas.Id, layer.Name, cancellation) is { } table
                        && FilterTile.Draw(table, channel, scale) is { } filter)
                        await writer.WriteFileAsync(
                            StaticLinks.TileFile(LoadedAtlas.GetSlug(layer), scale, channel), Tiles.Draw(filter), cancellation);
                }
                continue;
            }
            if (key != last)
            {
                picture = await store.TryGetAsync(key, cancellation);
                if (picture is not null)
                    await writer.WriteFileAsync(StaticLinks.PictureFile(atlas.Id, key), picture, cancellation);
                last = key;
            }
            if (picture is not null)
                await writer.WriteFileAsync(
                    StaticLinks.TileFile(LoadedAtlas.GetSlug(layer), view, channel), Tiles.Draw(picture, view, crops),
                    cancellation);
        }
    }

    private async Task WriteStoryAsync(
        CatalogContext catalog, LoadedAtlas atlas, Writer writer, NeuronReader reader, LinkTables links, CancellationToken cancellation)
    {
        using var pictures = new StoryPictures(live);
        var chosen = await pictures.ChooseAsync(catalog, atlas, links, cancellation);
        foreach (var language in StoryLanguage.All)
            await writer.WritePageAsync<StoryIndexPage>(
                StaticLinks.StoryFile(language.Code), cancellation, ("Chosen", chosen), ("Language", language));
        foreach (var (_, layer, channel) in chosen)
        {
            var contents = await StoryContents.ReadAsync(
                catalog, atlas, layer, channel, reader, links, pictures, withAscent: true, cancellation);
            StoryFault ??= contents.Made.Fault;
            var slug = LoadedAtlas.GetSlug(layer);
            foreach (var language in StoryLanguage.All)
                await writer.WritePageAsync<StoryPage>(
                    StaticLinks.StoryFile(language.Code, slug, channel), cancellation, ("Contents", contents), ("Language", language));
            foreach (var (file, picture) in contents.Made.Files.Where(file => withSources || !StoryMaterial.IsSource(file.Name)))
                await writer.WriteFileAsync(StaticLinks.StoryPictureFile(slug, channel, file), picture, cancellation);
        }
    }

    private async Task WriteImageAsync(
        CatalogContext catalog, LoadedAtlas atlas, int index, Writer writer, SourceCrops sources, CancellationToken cancellation)
    {
        if (await ImageContents.ReadAsync(catalog, atlas, index, cancellation) is not { } contents)
            return;
        await writer.WritePageAsync<ImagePage>(StaticLinks.ImageFile(index), cancellation, ("Contents", contents));
        if (withSources && await sources.GetCropAsync(atlas.Spec, contents.Image.Path, cancellation) is { } crop)
            await writer.WriteFileAsync(StaticLinks.CropFile(index), crop, cancellation);
    }

    private sealed class Writer(string folder, PageRenderer page, LoadedAtlas atlas, bool withSources, IProgress<SiteProgress>? progress)
    {
        private readonly int _neurons = atlas.Layers.Sum(layer => layer.Channels);
        private int _pages;

        public int Files { get; private set; }

        public async Task WriteAssetsAsync(CancellationToken cancellation)
        {
            foreach (var name in new[] { "atlas.css", "atlas.js", "image.js", "theme.js", "icon.svg", "story.css", "story.js" })
                await WriteFileAsync($"assets/{name}", Assets.Find(name)!, cancellation);
        }

        public async Task WritePageAsync<TPage>(string file, CancellationToken cancellation, params (string, object?)[] parameters)
            where TPage : Microsoft.AspNetCore.Components.IComponent
        {
            var links = new StaticLinks(file.Count(sign => sign == '/'), withSources);
            var html = await page.RenderAsync<TPage>([("Links", links), ("Atlas", atlas), .. parameters]);
            await WriteFileAsync(file, System.Text.Encoding.UTF8.GetBytes(html), cancellation);
            if (typeof(TPage) == typeof(NeuronPage) && (++_pages % 64 == 0 || _pages == _neurons))
                progress?.Report(new(_pages, _neurons));
        }

        // The names are safe to combine: layer slugs, numbers, and object keys that the store has validated.
        public async Task WriteFileAsync(string name, byte[] content, CancellationToken cancellation)
        {
            var file = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, content, cancellation);
            Files++;
        }
    }
}
