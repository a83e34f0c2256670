using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VizPipeline.Catalog;
using VizPipeline.ObjectStore;
using VizPipeline.Web.Data;
using VizPipeline.Web.Pages;

namespace VizPipeline.Web.Site;

/// <summary>Progress of writing a site: neuron pages written, and neuron pages in total.</summary>
public readonly record struct SiteProgress(int Done, int Total);

/// <summary>
/// Writes an atlas as a static site: the same pages as on the server, with relative addresses, so that they open from a local disk or any
/// web server or bucket. Live tool, search and API are left out.
/// </summary>
/// <param name="database">The catalog.</param>
/// <param name="store">The object store with the atlas's pictures.</param>
/// <param name="roots">Opens the image set; images that are not available are left out.</param>
/// <param name="withSources">Whether the site includes pixels of the image set; otherwise it shows boxes and names instead.</param>
public sealed class StaticSite(CatalogDatabase database, IObjectStore store, ImageRoot roots, bool withSources)
{
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
        var atlas = await AtlasView.FindAsync(catalog, atlasId, cancellation) ?? throw new ArgumentException($"there is no atlas '{atlasId}'", nameof(atlasId));
        using var sources = new Sources(roots);
        using var similar = new SimilarNeuronsCache(store, TimeProvider.System);
        using var links = new LinkTables(store);
        var reader = new NeuronReader(similar, links);
        var writer = new Writer(folder, new Page(services, NullLoggerFactory.Instance), atlas, withSources, progress);
        await writer.AssetsAsync(cancellation);
        await writer.PageAsync<AtlasPage>(
            "index.html", cancellation, ("Overview", await AtlasOverview.ReadAsync(catalog, atlas, now: null, cancellation)));
        var classes = await ClassLine.AllAsync(catalog, atlas, cancellation);
        await writer.PageAsync<ClassesPage>("classes/index.html", cancellation, ("Classes", classes));
        foreach (var line in classes)
        {
            if (await ClassContents.ReadAsync(catalog, atlas, line.Index, cancellation) is { } contents)
                await writer.PageAsync<ClassPage>(StaticLinks.ClassFile(line.Index), cancellation, ("Contents", contents));
        }
        var images = new SortedSet<int>(classes.Count > 0 ? await ShownAsync(catalog, atlas, classes, cancellation) : []);
        foreach (var layer in atlas.Layers)
            images.UnionWith(await LayerAsync(catalog, atlas, layer, writer, reader, links, cancellation));
        foreach (var index in images)
            await ImageAsync(catalog, atlas, index, writer, sources, cancellation);
        return writer.Files;
    }

    private static async Task<IEnumerable<int>> ShownAsync(CatalogContext catalog, AtlasView atlas, IReadOnlyList<ClassLine> classes, CancellationToken cancellation)
    {
        var shown = new List<int>();
        foreach (var line in classes)
            shown.AddRange((await ClassContents.ReadAsync(catalog, atlas, line.Index, cancellation))?.Images.Select(image => image.ImageIndex) ?? []);
        return shown;
    }

    /// <returns>The images that the layer's pages show.</returns>
    private async Task<IReadOnlyCollection<int>> LayerAsync(CatalogContext catalog, AtlasView atlas, Layer layer, Writer writer, NeuronReader reader, LinkTables links, CancellationToken cancellation)
    {
        var (slug, contents) = (AtlasView.SlugOf(layer), await LayerContents.ReadAsync(catalog, layer, cancellation));
        await writer.PageAsync<LayerPage>(StaticLinks.LayerFile(slug), cancellation, ("Contents", contents));
        foreach (var (key, isSource) in new[] { (contents.FiltersKey, false), (layer.SheetKey, true) })
        {
            if (key is not null && (withSources || !isSource) && await store.TryGetAsync(key, cancellation) is { } picture)
                await writer.FileAsync(StaticLinks.PictureFile(atlas.Id, key), picture, cancellation);
        }
        var images = new HashSet<int>();
        foreach (var neuron in contents.Neurons)
        {
            var all = await Found.NeuronAsync(reader, catalog, atlas, layer, neuron.Channel, cancellation);
            await writer.PageAsync<NeuronPage>(StaticLinks.NeuronFile(slug, neuron.Channel), cancellation, ("Contents", all));
            await PicturesAsync(atlas, layer, neuron.Channel, writer, links, cancellation);
            images.UnionWith(all.Patches.Select(patch => patch.Image.ImageIndex));
        }
        return images;
    }

    private async Task PicturesAsync(AtlasView atlas, Layer layer, int channel, Writer writer, LinkTables links, CancellationToken cancellation)
    {
        byte[]? picture = null;
        string? last = null;
        foreach (var view in atlas.Views.Where(view => withSources || !view.IsSource))
        {
            if (view.Key(atlas.Id, layer.Name, channel) is not { } key)
            {
                if (await links.FindAsync(atlas.Id, layer.Name, cancellation) is { } table && FilterTile.Draw(table, channel) is { } filter)
                    await writer.FileAsync(StaticLinks.TileFile(AtlasView.SlugOf(layer), view, channel), Tiles.Draw(filter), cancellation);
                continue;
            }
            if (key != last)
            {
                picture = await store.TryGetAsync(key, cancellation);
                if (picture is not null)
                    await writer.FileAsync(StaticLinks.PictureFile(atlas.Id, key), picture, cancellation);
                last = key;
            }
            if (picture is not null)
                await writer.FileAsync(StaticLinks.TileFile(AtlasView.SlugOf(layer), view, channel), Tiles.Draw(picture, view == TileView.Top1), cancellation);
        }
    }

    private async Task ImageAsync(CatalogContext catalog, AtlasView atlas, int index, Writer writer, Sources sources, CancellationToken cancellation)
    {
        if (await ImageContents.ReadAsync(catalog, atlas, index, cancellation) is not { } contents)
            return;
        await writer.PageAsync<ImagePage>(StaticLinks.ImageFile(index), cancellation, ("Contents", contents));
        if (withSources && await sources.CropAsync(atlas.Spec, contents.Image.Path, cancellation) is { } crop)
            await writer.FileAsync(StaticLinks.CropFile(index), crop, cancellation);
    }

    private sealed class Writer(string folder, Page page, AtlasView atlas, bool withSources, IProgress<SiteProgress>? progress)
    {
        private readonly int _neurons = atlas.Layers.Sum(layer => layer.Channels);
        private int _pages;

        public int Files { get; private set; }

        public async Task AssetsAsync(CancellationToken cancellation)
        {
            foreach (var name in new[] { "atlas.css", "atlas.js", "theme.js", "icon.svg" })
                await FileAsync($"assets/{name}", Assets.Find(name)!, cancellation);
        }

        public async Task PageAsync<TPage>(string file, CancellationToken cancellation, params (string, object?)[] parameters)
            where TPage : Microsoft.AspNetCore.Components.IComponent
        {
            var links = new StaticLinks(file.Count(sign => sign == '/'), withSources);
            var html = await page.RenderAsync<TPage>([("Links", links), ("Atlas", atlas), .. parameters]);
            await FileAsync(file, System.Text.Encoding.UTF8.GetBytes(html), cancellation);
            if (typeof(TPage) == typeof(NeuronPage) && (++_pages % 64 == 0 || _pages == _neurons))
                progress?.Report(new(_pages, _neurons));
        }

        // The names are safe to combine: layer slugs, numbers, and object keys that the store has validated.
        public async Task FileAsync(string name, byte[] content, CancellationToken cancellation)
        {
            var file = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, content, cancellation);
            Files++;
        }
    }
}
