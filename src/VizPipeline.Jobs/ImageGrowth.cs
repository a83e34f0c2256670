using System.Security.Cryptography;
using System.Text;

namespace VizPipeline.Jobs;

/// <summary>
/// How an atlas grows by images: those that it has keep their indices, and new ones follow in the order of the list. What the shards of the
/// known images recorded stays, and only the new ones run through the network.
/// </summary>
public static class ImageGrowth
{
    /// <summary>Joins the images of an atlas with those of a longer list.</summary>
    /// <param name="stored">The spec of the atlas.</param>
    /// <param name="known">Its image list, at least as long as the spec says; what is beyond was never planned.</param>
    /// <param name="asked">The other spec.</param>
    /// <param name="listed">The list of that spec, in any order.</param>
    /// <param name="fault">One sentence why they cannot be joined, with what to do; empty if they can.</param>
    /// <returns>The images of both; null if they cannot be joined.</returns>
    public static JoinedImages? TryJoin(AtlasSpec stored, ImageList known, AtlasSpec asked, ImageList listed, out string fault)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(known);
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(listed);
        var own = known.Images.Take(stored.Images.Count).ToList();
        fault = own.Count < stored.Images.Count
            ? $"its image list has {own.Count} images and its spec {stored.Images.Count}; the command that built it writes the list again"
            : FindFault(stored.Images.Classes, own, asked.Images.Classes, listed.Images);
        if (fault.Length > 0)
            return null;
        var paths = own.Select(image => image.Path).ToHashSet(StringComparer.Ordinal);
        List<string> classes = [.. stored.Images.Classes, .. asked.Images.Classes.Except(stored.Images.Classes)];
        var labels = classes.Index().DistinctBy(name => name.Item).ToDictionary(name => name.Item, name => name.Index);
        List<ImageEntry> added = [.. listed.Images.Where(image => !paths.Contains(image.Path)).Select(image => image with
        {
            Label = image.Label is not { } label ? null
                // Names of classes need not differ: ImageNet has two cranes.
                : asked.Images.Classes.SequenceEqual(classes) ? label : labels[asked.Images.Classes[label]],
        })];
        var here = asked.Images with
        {
            Count = stored.Images.Count,
            Classes = stored.Images.Classes,
            ManifestHash = stored.Images.ManifestHash,
        };
        if (added.Count == 0)
            return new JoinedImages(here, new ImageList(own), 0);
        var list = new ImageList([.. own, .. added]);
        var isAsked = list.Images.SequenceEqual(listed.Images) && classes.SequenceEqual(asked.Images.Classes);
        return new JoinedImages(
            here with
            {
                Count = list.Images.Count,
                Classes = classes,
                ManifestHash = isAsked ? asked.Images.ManifestHash : Hash(list, classes),
            },
            list, added.Count);
    }

    /// <summary>
    /// Identifies a list whose order is no longer that of the paths: the first 32 hex digits of the SHA-256 of its images with their
    /// contents and classes.
    /// </summary>
    public static string Hash(ImageList list, IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(list);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var image in list.Images)
            hash.AppendData(Encoding.UTF8.GetBytes(
                $"{image.Path}\0{image.Bytes}\0{image.ContentHash}\0{NameOf(classes, image.Label)}\0{image.Label}\0"));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }

    /// <summary>Counts the neurons of an atlas whose pictures may change as it gets more images; 0 if it gets none.</summary>
    public static long Redrawn(AtlasSpec stored, AtlasSpec joined)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(joined);
        return stored.NeedsScan() && joined.Images.Count > stored.Images.Count ? stored.NeuronCount() : 0;
    }

    /// <summary>
    /// Finds the recipes of an atlas whose ascents are all drawn again as it gets more images, because their input is the mean spectrum of
    /// the images, and counts their pictures.
    /// </summary>
    public static (IReadOnlyList<string> Recipes, long Pictures) RedrawnAscents(AtlasSpec stored, AtlasSpec joined)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(joined);
        var neurons = stored.DrawnMethods().HasFlag(AtlasMethods.Ascent) ? Redrawn(stored, joined) : 0;
        List<string> recipes = neurons == 0 ? [] : [.. stored.Ascent.Presets.Where(stored.Ascent.ReadsSpectrum)];
        return (recipes, neurons * recipes.Sum(stored.Ascent.PicturesOf));
    }

    /// <summary>
    /// Estimates which share of the work of each kind is done again as an atlas gets more images, from 0 to 1: of merges and sheets all, of
    /// patches those of the neurons whose top 9 has one of the new images, of facets those whose top 100 has, of ascents with the spectrum
    /// of the images all.
    /// </summary>
    public static Func<JobKind, double> ShareRedone(AtlasSpec stored, AtlasSpec joined)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(joined);
        if (Redrawn(stored, joined) == 0)
            return _ => 0;
        // Each of the top images is one that the atlas has with this probability.
        double Changed(int top) => 1 - Math.Pow((double)stored.Images.Count / joined.Images.Count, top);
        return kind => JobKinds.Get(kind).ShareRedone(stored, Changed);
    }

    /// <summary>Returns why an atlas cannot get the images of a joined spec, one sentence; null if it can.</summary>
    internal static string? FindFault(AtlasSpec stored, AtlasSpec joined)
    {
        if (!stored.NeedsScan() || joined.Images.Count == stored.Images.Count)
            return null;
        if (!stored.StableSamples && (stored.Images.Count > AtlasSpec.ProfileImages || stored.Keep?.Images < stored.Images.Count))
            return "its samples of the images are even steps over their number, as earlier versions took them, so it cannot grow by images";
        // Of the layers that it has: a new layer of outputs is computed for all images.
        var (before, after) = (OutputClasses.Of(stored), OutputClasses.Of(stored with
        {
            Images = stored.Images with { Classes = joined.Images.Classes },
            OutputNames = joined.OutputNames,
        }));
        return Enumerable.Range(0, stored.Images.Classes.Count).All(label => before?.OutputOf(label) == after?.OutputOf(label))
            ? null : "the classes of the new images change which output of the network each class is: leave out images of new classes";
    }

    /// <summary>Returns a joined spec with the images, their shards, and the activations that are kept of them.</summary>
    internal static AtlasSpec Join(AtlasSpec stored, AtlasSpec joined, JoinedImages? images)
    {
        var set = !joined.NeedsScan() ? stored.Images : images?.Images ?? joined.Images;
        var added = set.Count - stored.Images.Count;
        return joined with
        {
            Images = set,
            // Sizes of jobs are those of what is done already; new images have their own.
            ShardImages = stored.ShardImages,
            AddedImages = added <= 0 ? stored.AddedImages : [.. stored.AddedImages ?? [], new ImageAddition(
                added, joined.ShardImages, (stored with { Layers = joined.Layers }).LastPass())],
            StableSamples = stored.StableSamples || added > 0,
            Keep = added <= 0 || stored.Keep is not { } keep || keep.Images < stored.Images.Count
                ? stored.Keep : keep with { Images = Kept(stored, joined, set.Count) },
        };
    }

    /// <summary>Describes the images that a joined spec has and the stored one has not.</summary>
    internal static string Describe(AtlasSpec stored, AtlasSpec joined)
    {
        var added = joined.Images.Count - stored.Images.Count;
        return $"{added} {(added == 1 ? "image" : "images")} ({stored.Images.Count} -> {joined.Images.Count})";
    }

    // Of an atlas that keeps all activations, never fewer than it has: those are the source of what it will keep.
    private static int Kept(AtlasSpec stored, AtlasSpec joined, int count)
        => joined.Keep is not { } keep || keep.Images >= count
            ? count : Math.Clamp(keep.Images, stored.Images.Count, count);

    private static string FindFault(
        IReadOnlyList<string> ownClasses, List<ImageEntry> own, IReadOnlyList<string> classes, IReadOnlyList<ImageEntry> listed)
    {
        var found = new Dictionary<string, ImageEntry>(StringComparer.Ordinal);
        foreach (var image in listed)
        {
            if (!found.TryAdd(image.Path, image))
                return $"image '{image.Path}' is listed twice";
            if (image.Label is { } label && (label < 0 || label >= classes.Count))
                return $"image '{image.Path}' has the label {label}, and there are {classes.Count} classes";
        }
        var missing = own.Where(image => !found.ContainsKey(image.Path)).ToList();
        if (missing.Count > 0)
            return $"its image '{missing[0].Path}'{(missing.Count == 1 ? " is" : $" and {missing.Count - 1} more are")} not among them: "
                + "list all images that it has, and the new ones besides";
        foreach (var image in own)
        {
            var now = found[image.Path];
            if ((now.Bytes, now.ContentHash) != (image.Bytes, image.ContentHash))
                return $"its image '{image.Path}' has other content now: put back the file that it was built with";
            if (NameOf(ownClasses, image.Label) is var before && NameOf(classes, now.Label) is var after && before != after)
                return $"its image '{image.Path}' has the class '{before ?? "none"}', and '{after ?? "none"}' in the list: give the same "
                    + "classes, or change those of the atlas first with `viz annotate`";
        }
        return "";
    }

    private static string? NameOf(IReadOnlyList<string> classes, int? label)
        => label is not { } index ? null : index >= 0 && index < classes.Count ? classes[index] : $"{index}";
}

/// <summary>The images of an atlas and of a longer list together.</summary>
/// <param name="Images">The image set, with those of the atlas first.</param>
/// <param name="List">Its list.</param>
/// <param name="Added">Number of new images; 0 if the atlas has all of them.</param>
public sealed record JoinedImages(ImageSetSpec Images, ImageList List, int Added);
