using System.Text.Json;
using System.Text.Json.Serialization;

namespace VizPipeline.Images;

// The JSON form of a manifest.
public sealed partial class ImageManifest
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Writes the manifest as JSON in one step; after a crash the previous file remains.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        var unfinished = file + ".unfinished";
        using (var stream = File.Create(unfinished))
            JsonSerializer.Serialize(stream, new Stored(SchemaVersion, Hash, SkippedFolders, Entries), Json);
        File.Move(unfinished, file, overwrite: true);
    }

    /// <summary>Loads a manifest that <see cref="Save"/> wrote.</summary>
    /// <exception cref="ImageSetException">The file is missing, damaged, or of a later version.</exception>
    public static ImageManifest Load(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        try
        {
            using var stream = File.OpenRead(file);
            return FromStored(file, JsonSerializer.Deserialize<Stored>(stream, Json));
        }
        catch (JsonException error)
        {
            throw new ImageSetException($"image list {file} is damaged at {JsonFaults.Locate(error)}");
        }
        catch (ArgumentException error)
        {
            throw new ImageSetException($"image list {file} is damaged: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageSetException($"image list {file} cannot be read: {error.Message}");
        }
    }

    private static ImageManifest FromStored(string file, Stored? stored)
    {
        if (stored?.Entries is null || stored.Entries.Any(entry => entry?.Path is null))
            throw new ImageSetException($"image list {file} is damaged: it has no entries, or entries without a path");
        if (stored.Schema != SchemaVersion)
            throw new ImageSetException($"image list {file} has schema {stored.Schema}; this program reads schema {SchemaVersion}");
        var manifest = new ImageManifest(stored.Entries, stored.SkippedFolders);
        return manifest.Hash == stored.Hash
            ? manifest
            : throw new ImageSetException($"image list {file} is damaged: its entries do not match its hash");
    }

    private sealed record Stored(int Schema, string Hash, IReadOnlyList<SkippedFolder> SkippedFolders, IReadOnlyList<ImageEntry> Entries);
}
