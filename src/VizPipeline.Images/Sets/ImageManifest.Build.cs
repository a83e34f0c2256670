using System.Collections.Concurrent;

namespace VizPipeline.Images;

/// <summary>Options for building an image set from a folder.</summary>
public sealed record ImageSetOptions
{
    /// <summary>The selected images; the others are not even opened.</summary>
    /// <value>All.</value>
    public ImageSelection Selection { get; init; } = new();

    /// <summary>Images, archives and archive members that make up the set; null for everything below its root.</summary>
    public IReadOnlyCollection<string>? Only { get; init; }

    /// <summary>Classes from the list of <see cref="Only"/>, by path; a label file takes precedence.</summary>
    public IReadOnlyDictionary<string, string> ListLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// A file that gives each image's class (see <see cref="LabelFile"/>); null to take classes from folders or names.
    /// </summary>
    public string? LabelFile { get; init; }

    /// <summary>
    /// Names of the network's outputs. If every class of the set is among them, <see cref="ImageEntry.ClassIndex"/> is the output;
    /// otherwise the set keeps classes of its own (see <see cref="ImageManifest.NameClasses"/>).
    /// </summary>
    public ClassNames? ClassNames { get; init; }

    /// <summary>Number of files that are hashed in parallel.</summary>
    /// <value>The number of processors.</value>
    public int Readers { get; init; } = Environment.ProcessorCount;
}

/// <summary>Progress of listing an image set: number of hashed files, and of all files.</summary>
public readonly record struct ManifestProgress(int Done, int Total);

// From a folder to a manifest: list, hash, classify.
public sealed partial class ImageManifest
{
    /// <summary>
    /// Lists the pictures below a folder (see <see cref="FileListing.Extensions"/>, in any case; names that begin with a dot are ignored),
    /// looks into archives (.tar .zip .parquet), finds the classes, selects, and hashes the contents.
    /// </summary>
    /// <remarks>
    /// The class is determined in this order: by the label file; by the image list; by the archive itself (WebDataset's <c>.cls</c> and
    /// <c>.json</c>, a Parquet table's label), and if it labels only some images, the others have none; by the first folder's name (inside
    /// an archive, the archive's folder), if images are in folders; by the synset of a name like <c>n01440764_tench.JPEG</c>; else none.
    /// Each folder is visited once, whatever symbolic links point to it.
    /// </remarks>
    /// <param name="folder">The set's folder.</param>
    /// <param name="options">Selection, labels, class names.</param>
    /// <param name="progress">Receives the number of hashed files from time to time.</param>
    /// <param name="cancellationToken">Stops the hashing.</param>
    /// <exception cref="ImageSetException">The folder is missing, unreadable or without images, or the label file is invalid.</exception>
    public static ImageManifest Build(
        string folder, ImageSetOptions? options = null, IProgress<ManifestProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using var files = new ImageFiles(folder);
        return Build(files, options, progress, cancellationToken);
    }

    /// <inheritdoc cref="Build(string, ImageSetOptions?, IProgress{ManifestProgress}?, CancellationToken)"/>
    /// <param name="files">The set's files.</param>
    /// <param name="options">Selection, labels, class names.</param>
    /// <param name="progress">Receives the number of hashed files from time to time.</param>
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
            throw new ImageSetException(
                $"image set {files.Name} has no pictures ({string.Join(' ', FileListing.Extensions)}, "
                + $"or {string.Join(' ', FileListing.ArchiveExtensions)} archives of them){WhyNot(listing)}");
        var classes = ImageClasses.Find(labels, options.ListLabels, listing);
        int[] chosen = options.Selection.Choose(files.Name, listing.Paths, classes, options.ClassNames);
        var entries = HashFiles(files, [.. chosen.Select(i => listing.Paths[i])], options.Readers, progress, cancellationToken);
        return new(Classify(entries, [.. chosen.Select(i => classes[i])], options.ClassNames), listing.Skipped);
    }

    private static string WhyNot(FileListing listing) =>
        listing.Skipped.Count > 0 ? $"; {listing.Skipped[0].Path}: {listing.Skipped[0].Reason}" : "";

    private static ImageEntry[] HashFiles(
        ImageFiles files, IReadOnlyList<string> paths, int readers, IProgress<ManifestProgress>? progress,
            CancellationToken cancellationToken)
    {
        var entries = new ImageEntry[paths.Count];
        var done = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(readers, 1), CancellationToken = cancellationToken };
        // In sequence, so that all readers use the same few archives.
        Parallel.ForEach(Partitioner.Create(Enumerable.Range(0, paths.Count), EnumerablePartitionerOptions.NoBuffering), parallel, i =>
        {
            entries[i] = HashFile(files, paths[i], i, cancellationToken);
            var count = Interlocked.Increment(ref done);
            if (count % 256 == 0 || count == paths.Count)
                progress?.Report(new(count, paths.Count));
        });
        return entries;
    }

    private static ImageEntry HashFile(ImageFiles files, string path, int index, CancellationToken cancellation)
    {
        try
        {
            return files.Use(path, file => new ImageEntry(index, path, file.Length, Hashing.Hex(file)), cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(index, path, 0, "", Unreadable: Reason(error));
        }
    }

    // The system's own messages contain the absolute path, which would make the manifest differ between machines.
    private static string Reason(Exception error) => error switch
    {
        UnauthorizedAccessException => "permission denied",
        FileNotFoundException or DirectoryNotFoundException => "the file or the target of its link is missing",
        _ => "reading the file failed",
    };

    private static ImageEntry[] Classify(ImageEntry[] entries, string?[] classes, ClassNames? names)
    {
        string[] known = [.. classes.OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        var areOutputs = AreOutputs(known, names);
        var positions = known.Index().ToDictionary(own => own.Item, own => areOutputs ? names!.Find(own.Item)!.Index : own.Index);
        for (var i = 0; i < entries.Length; i++)
            entries[i] = entries[i] with { Class = classes[i], ClassIndex = classes[i] is { } name ? positions[name] : null };
        return entries;
    }
}
