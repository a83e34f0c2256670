using System.Text;

namespace VizPipeline.Images;

/// <summary>One image of an image set.</summary>
/// <param name="Index">Its position in the set, from 0, which is its image index everywhere.</param>
/// <param name="Path">Its path below the set's folder, with '/'.</param>
/// <param name="Bytes">Size of the file; 0 if it could not be read.</param>
/// <param name="ContentHash">XxHash128 of the file, 32 hex digits; empty if it could not be read.</param>
/// <param name="Class">Its class (folder, synset or label); null if the set has none.</param>
/// <param name="ClassIndex">The class's index: that of the network's output if the class names that were given contain every class of the
/// set, otherwise the position in <see cref="ImageManifest.Classes"/>. Null only without a class.</param>
/// <param name="Unreadable">Why the file could not be read when the set was listed; usually null.</param>
public sealed record ImageEntry(
    int Index, string Path, long Bytes, string ContentHash, string? Class = null, int? ClassIndex = null, string? Unreadable = null);

/// <summary>A folder below an image set that could not be listed, and why.</summary>
public sealed record SkippedFolder(string Path, string Reason);

/// <summary>
/// The record of an image set: its images, their order, contents and classes. A manifest and a folder with the same files always give the
/// same set, however the file system sorts.
/// </summary>
public sealed partial class ImageManifest
{
    /// <summary>Version of the JSON form. It only increases; a file of a later version is refused.</summary>
    public const int SchemaVersion = 1;

    private readonly Lazy<string> _hash;

    /// <summary>Creates a manifest of the given images.</summary>
    /// <param name="entries">The images; entry i has index i.</param>
    /// <param name="skippedFolders">Folders that could not be listed.</param>
    /// <exception cref="ArgumentException">An entry's index is not its position.</exception>
    public ImageManifest(IReadOnlyList<ImageEntry> entries, IReadOnlyList<SkippedFolder>? skippedFolders = null)
    {
        ArgumentNullException.ThrowIfNull(entries);
        for (var i = 0; i < entries.Count; i++)
            if (entries[i].Index != i)
                throw new ArgumentException($"entry {i} ({entries[i].Path}) says that its index is {entries[i].Index}", nameof(entries));
        Entries = entries;
        SkippedFolders = skippedFolders ?? [];
        Classes = [.. entries.Select(entry => entry.Class).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        _hash = new(ComputeHash);
    }

    /// <summary>The images in ordinal order of their paths; entry i has index i.</summary>
    public IReadOnlyList<ImageEntry> Entries { get; }

    /// <summary>Folders that could not be listed; their images are missing from <see cref="Entries"/>.</summary>
    public IReadOnlyList<SkippedFolder> SkippedFolders { get; }

    /// <summary>The distinct classes in ordinal order; empty if the set has none.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Identifies the set: a hash over all entries, 32 hex digits. Another order, content or label gives another hash.</summary>
    public string Hash => _hash.Value;

    /// <summary>Returns what people call the classes, by <see cref="ImageEntry.ClassIndex"/>; each name is unique.</summary>
    /// <param name="names">The names of the network's outputs that the set was built with, or null.</param>
    public IReadOnlyList<string> NameClasses(ClassNames? names)
    {
        if (names is null)
            return Classes;
        if (AreOutputs(Classes, names))
            return names.Labels;
        string[] readable = [.. Classes.Select(own => names.Find(own) is { } output ? names.Labels[output.Index] : own)];
        // A folder "tench" and one "n01440764" are two classes of the set.
        var namesakes = readable.CountBy(name => name).Where(name => name.Value > 1).Select(name => name.Key).ToHashSet();
        return [.. readable.Zip(Classes, (name, own) => name != own && namesakes.Contains(name) ? $"{name} ({own})" : name)];
    }

    /// <summary>Returns the same images with other classes.</summary>
    /// <param name="classes">The class of each image, or null.</param>
    /// <param name="names">Names of the network's outputs, as in <see cref="ImageSetOptions.ClassNames"/>.</param>
    public ImageManifest WithClasses(IReadOnlyList<string?> classes, ClassNames? names)
    {
        ArgumentNullException.ThrowIfNull(classes);
        return new(Classify([.. Entries], [.. classes], names), SkippedFolders);
    }

    /// <summary>
    /// Returns whether the classes of images are outputs of the network. One class that is not makes them two different things, and the
    /// images keep theirs.
    /// </summary>
    internal static bool AreOutputs(IReadOnlyCollection<string> classes, ClassNames? names) =>
        names is not null && classes.Count > 0 && classes.All(own => names.Find(own) is not null);

    /// <summary>Returns the first <paramref name="count"/> images as a separate set.</summary>
    public ImageManifest First(int count) => count >= Entries.Count ? this : new([.. Entries.Take(count)], SkippedFolders);

    // Separated by zero bytes, which neither paths nor labels can contain.
    private string ComputeHash()
    {
        var text = new StringBuilder();
        foreach (var entry in Entries)
            text.Append($"{entry.Path}\0{entry.Bytes}\0{entry.ContentHash}\0{entry.Class}\0{entry.ClassIndex}\0");
        return Hashing.Hex(Encoding.UTF8.GetBytes(text.ToString()));
    }
}

/// <summary>
/// An image set, label file or class list is invalid. The message is one line that names it and says what is wrong.
/// </summary>
public sealed class ImageSetException(string message) : Exception(message);
