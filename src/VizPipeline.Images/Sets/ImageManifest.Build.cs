using System.Collections.Concurrent;

namespace VizPipeline.Images;

/// <summary>How a folder becomes an image set.</summary>
public sealed record ImageSetOptions
{
    /// <summary>Which of the set's pictures; the others are not even opened.</summary>
    /// <value>All.</value>
    public ImageSelection Selection { get; init; } = new();

    /// <summary>Pictures, archives and archives' members that make the set; null for all below its root.</summary>
    public IReadOnlyCollection<string>? Only { get; init; }

    /// <summary>Classes that came with the list of <see cref="Only"/>, by path; a label file goes before them.</summary>
    public IReadOnlyDictionary<string, string> ListLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// A file that gives each picture its class (see <see cref="LabelFile"/>); null to take classes from folders or names.
    /// </summary>
    public string? LabelFile { get; init; }

    /// <summary>Names of the network's classes; with them <see cref="ImageEntry.ClassIndex"/> is the network's output unit.</summary>
    public ClassNames? ClassNames { get; init; }

    /// <summary>How many files are hashed at the same time.</summary>
    /// <value>The number of processors.</value>
    public int Readers { get; init; } = Environment.ProcessorCount;
}

/// <summary>How far the listing of an image set is: files hashed, and files in all.</summary>
public readonly record struct ManifestProgress(int Done, int Total);

// From a folder to a manifest: list, hash, classify.
public sealed partial class ImageManifest
{
    /// <summary>
    /// Lists the pictures below a folder (.jpg .jpeg .png .webp .bmp .gif in any case; names that begin with a dot are left out),
    /// looks into archives (.tar .zip .parquet), finds the classes, selects, and hashes the contents.
    /// </summary>
    /// <remarks>
    /// The class is, in this order: the label file's; the image list's; the archive's own (WebDataset's <c>.cls</c> and <c>.json</c>, a Parquet
    /// table's label), of which one that labels some gives the others none; the first folder's name (in an archive: of the archive's), if pictures lie in folders; the synset of a name like
    /// <c>n01440764_tench.JPEG</c>; none. A folder is visited once, whatever symbolic links lead to it.
    /// </remarks>
    /// <param name="folder">The set's folder.</param>
    /// <param name="options">Which pictures, labels, class names.</param>
    /// <param name="progress">Told now and then how many files are hashed.</param>
    /// <param name="cancellationToken">Stops the hashing.</param>
    /// <exception cref="ImageSetException">The folder is missing, unreadable or without pictures, or the label file is wrong.</exception>
    public static ImageManifest Build(
        string folder, ImageSetOptions? options = null, IProgress<ManifestProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using var files = new ImageFiles(folder);
        return Build(files, options, progress, cancellationToken);
    }

    /// <inheritdoc cref="Build(string, ImageSetOptions?, IProgress{ManifestProgress}?, CancellationToken)"/>
    /// <param name="files">The set's files, wherever they lie.</param>
    /// <param name="options">Which pictures, labels, class names.</param>
    /// <param name="progress">Told now and then how many files are hashed.</param>
    /// <param name="cancellationToken">Stops the hashing.</param>
    public static ImageManifest Build(
        ImageFiles files, ImageSetOptions? options = null, IProgress<ManifestProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        options ??= new();
        var listing = files.List(options.Only, cancellationToken);
        var labels = options.LabelFile is { } file ? LabelFile.Load(file) : null;
        if (listing.Paths.Count == 0)
            throw new ImageSetException($"image set {files.Name} has no pictures ({string.Join(' ', FileListing.Extensions)}, or {string.Join(' ', FileListing.ArchiveExtensions)} archives of them){WhyNot(listing)}");
        var classes = ImageClasses.Find(labels, options.ListLabels, listing);
        int[] chosen = options.Selection.Choose(files.Name, listing.Paths, classes, options.ClassNames);
        var entries = HashFiles(files, [.. chosen.Select(i => listing.Paths[i])], options.Readers, progress, cancellationToken);
        return new(Classify(entries, [.. chosen.Select(i => classes[i])], options.ClassNames), listing.Skipped);
    }

    private static string WhyNot(FileListing listing) =>
        listing.Skipped.Count > 0 ? $"; {listing.Skipped[0].Path}: {listing.Skipped[0].Reason}" : "";

    private static ImageEntry[] HashFiles(
        ImageFiles files, IReadOnlyList<string> paths, int readers, IProgress<ManifestProgress>? progress, CancellationToken cancellationToken)
    {
        var entries = new ImageEntry[paths.Count];
        var done = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(readers, 1), CancellationToken = cancellationToken };
        // One after the other, so that all readers are in the same few archives.
        Parallel.ForEach(Partitioner.Create(Enumerable.Range(0, paths.Count), EnumerablePartitionerOptions.NoBuffering), parallel, i =>
        {
            entries[i] = HashFile(files, paths[i], i);
            var count = Interlocked.Increment(ref done);
            if (count % 256 == 0 || count == paths.Count)
                progress?.Report(new(count, paths.Count));
        });
        return entries;
    }

    private static ImageEntry HashFile(ImageFiles files, string path, int index)
    {
        try
        {
            return files.Use(path, file => new ImageEntry(index, path, file.Length, Hashing.Hex(file)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(index, path, 0, "", Unreadable: Reason(error));
        }
    }

    // The system's own messages carry the absolute path, which would make the manifest differ between machines.
    private static string Reason(Exception error) => error switch
    {
        UnauthorizedAccessException => "permission denied",
        FileNotFoundException or DirectoryNotFoundException => "the file or the target of its link is missing",
        _ => "reading the file failed",
    };

    private static ImageEntry[] Classify(ImageEntry[] entries, string?[] classes, ClassNames? names)
    {
        var positions = classes.OfType<string>().Distinct().Order(StringComparer.Ordinal)
            .Select((name, position) => (name, position)).ToDictionary(pair => pair.name, pair => pair.position);
        for (var i = 0; i < entries.Length; i++)
            if (classes[i] is { } name)
                entries[i] = entries[i] with { Class = name, ClassIndex = names is null ? positions[name] : names.Find(name)?.Index };
        return entries;
    }
}
