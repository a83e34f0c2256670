using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Api;

/// <summary>Endpoints of the other tables of an atlas, paged by the key of the last row.</summary>
internal static class TableEndpoints
{
    public static async Task<IResult> PatchesAsync(
        string atlas,
        [Description("Name of a layer")] string? layer,
        [Description("Index of a channel")] int? channel,
        [Description("An image: its index, or its path in the image set")] string? image,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        [Description("`next` of the previous page")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var (ids, take) = (CatalogLookup.GetLayerIds(view, layer), KeyCursor.CheckLimit(limit));
        var patches = catalog.Patches.AsNoTracking().Where(patch => ids.Contains(patch.LayerId));
        if (channel is not null)
            patches = patches.Where(patch => patch.Channel == channel);
        if (image is { Length: > 0 })
        {
            var index = await CatalogLookup.FindImageAsync(catalog, view, image, cancellation);
            patches = patches.Where(patch => patch.ImageIndex == index);
        }
        if (KeyCursor.Parse(after, 3) is [var l, var c, var r])
            patches = patches.Where(
                patch => patch.LayerId > l || (patch.LayerId == l && (patch.Channel > c || (patch.Channel == c && patch.Rank > r))));
        var atlasId = view.Row.Id;
        var rows = await (
            from patch in patches.OrderBy(patch => patch.LayerId).ThenBy(patch => patch.Channel).ThenBy(patch => patch.Rank).Take(take + 1)
            join picture in catalog.Images.AsNoTracking()
                on new { AtlasId = atlasId, patch.ImageIndex } equals new { picture.AtlasId, picture.ImageIndex }
            orderby patch.LayerId, patch.Channel, patch.Rank
            select new { patch, picture.Path, picture.Label }).ToListAsync(cancellation);
        var (page, next) = KeyCursor.TakePage(rows, take, row => KeyCursor.Create(row.patch.LayerId, row.patch.Channel, row.patch.Rank));
        var names = view.Layers.ToDictionary(of => of.Id, of => of.Name);
        return TableResults.Page(
            context, PatchExport.Table,
            page.Select(row => new PatchExport.Row(names[row.patch.LayerId], row.patch, row.Path, view.ClassName(row.Label))), next);
    }

    public static async Task<IResult> PicturesAsync(
        string atlas,
        [Description("Name of a layer")] string? layer,
        [Description("Index of a channel; -1 for pictures of whole layers")] int? channel,
        [Description("top9, deconv, ascent, facets or filters")] string? method,
        [Description("done, dead, converged or best_at_step")] string? status,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        [Description("`next` of the previous page")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var (ids, take) = (CatalogLookup.GetLayerIds(view, layer), KeyCursor.CheckLimit(limit));
        var pictures = catalog.Pictures.AsNoTracking().Where(picture => ids.Contains(picture.LayerId));
        if (channel is not null)
            pictures = pictures.Where(picture => picture.Channel == channel);
        if (method is not null)
            pictures = pictures.Where(picture => picture.Method == method);
        if (status is not null)
            pictures = pictures.Where(picture => picture.Status == status);
        // A neuron has a dozen pictures at most. Pages end at neuron boundaries, so that two numbers are enough for the cursor.
        if (KeyCursor.Parse(after, 2) is [var l, var c])
            pictures = pictures.Where(picture => picture.LayerId > l || (picture.LayerId == l && picture.Channel > c));
        var rows = await pictures.OrderBy(picture => picture.LayerId).ThenBy(picture => picture.Channel).ThenBy(picture => picture.Method)
            .ThenBy(picture => picture.Variant).ThenBy(picture => picture.Seed)
            .Take(take + 1).ToListAsync(cancellation);
        var next = (string?)null;
        if (rows.Count > take)
        {
            var last = rows[^1];
            if (rows.Exists(row => (row.LayerId, row.Channel) != (last.LayerId, last.Channel)))
                rows.RemoveAll(row => (row.LayerId, row.Channel) == (last.LayerId, last.Channel));
            else
                rows = await pictures.Where(picture => picture.LayerId == last.LayerId && picture.Channel == last.Channel)
                    .OrderBy(picture => picture.Method).ThenBy(picture => picture.Variant).ThenBy(picture => picture.Seed)
                    .ToListAsync(cancellation);
            next = KeyCursor.Create(rows[^1].LayerId, rows[^1].Channel);
        }
        var names = view.Layers.ToDictionary(of => of.Id, of => of.Name);
        return TableResults.Page(
            context, PictureExport.Table, rows.Select(row => PictureExport.CreateRow(names[row.LayerId], row, view.Id)), next);
    }

    public static async Task<IResult> ImagesAsync(
        string atlas,
        [Description("Name or index of a class")] string? @class,
        [Description("true for images that could not be read, false for the others")] bool? unreadable,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        [Description("`next` of the previous page")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var (id, take) = (view.Row.Id, KeyCursor.CheckLimit(limit));
        var images = catalog.Images.AsNoTracking().Where(image => image.AtlasId == id);
        if (@class is { Length: > 0 })
        {
            var label = ClassIndex.Find(view, "class", @class);
            images = images.Where(image => image.Label == label);
        }
        if (unreadable is not null)
            images = images.Where(image => image.UnreadableReason != null == unreadable);
        if (KeyCursor.Parse(after, 1) is [var last])
            images = images.Where(image => image.ImageIndex > last);
        var (page, next) = KeyCursor.TakePage(
            await images.OrderBy(image => image.ImageIndex).Take(take + 1).ToListAsync(cancellation), take,
            image => KeyCursor.Create(image.ImageIndex));
        return TableResults.Page(context, ImageExport.Table, page.Select(image => new ImageExport.Row(image, view.Names)), next);
    }

    public static async Task<IResult> ImageAsync(
        string atlas, int index, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetImageAsync(catalog, view, index, cancellation);
        return TableResults.Json(context, json =>
        {
            json.WriteStartObject();
            new JsonRow(ImageExport.Table.Columns).WriteMembers(json, ImageExport.Table.Values(new(contents.Image, view.Names)));
            json.WriteNumber("places", contents.Count);
            json.WritePropertyName("patches");
            TableResults.WriteRows(
                json, PatchExport.Table,
                contents.Places.Select(
                    place => new PatchExport.Row(
                        place.Layer.Name, place.Patch, contents.Image.Path, view.ClassName(contents.Image.Label))));
            json.WriteEndObject();
        });
    }

    public static async Task<IResult> ClassesAsync(
        string atlas, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return TableResults.Page(
            context, ClassExport.Table,
            await ClassSummary.ReadAllAsync(catalog, await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation), cancellation),
            next: null);
    }

    public static async Task<IResult> JobsAsync(
        string atlas,
        [Description("A kind of job, e.g. scan")] string? kind,
        [Description("waiting, pending, sent, running, completed, failed, blocked or cancelled")] string? state,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        [Description("`next` of the previous page")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var (id, take) = (view.Row.Id, KeyCursor.CheckLimit(limit));
        var jobs = catalog.Jobs.AsNoTracking().Where(job => job.AtlasId == id);
        if (kind is not null)
        {
            var wanted = CatalogLookup.ParseEnum<JobKind>(kind, "kind", JobKinds.Name);
            jobs = jobs.Where(job => job.Kind == wanted);
        }
        if (state is not null)
        {
            var wanted = CatalogLookup.ParseEnum<JobState>(state, "state", EnumText.ToSnakeCase);
            jobs = jobs.Where(job => job.State == wanted);
        }
        if (KeyCursor.Parse(after, 1) is [var last])
            jobs = jobs.Where(job => job.JobId > last);
        var (page, next) = KeyCursor.TakePage(
            await jobs.OrderBy(job => job.JobId).Take(take + 1).ToListAsync(cancellation), take, job => KeyCursor.Create(job.JobId));
        return TableResults.Page(context, JobExport.Table, page, next);
    }
}
