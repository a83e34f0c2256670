namespace VizPipeline.Images;

/// <summary>
/// A disk cache of one image set's decoded crops under one preprocessing: a second pass over the set copies bytes instead of decoding. Any
/// number of processes may share it. It never fails: without space, permissions or a disk it only misses, and warns once.
/// </summary>
public sealed class CropCache : IDisposable
{
    private readonly CropFile? _file;
    private readonly Action<string>? _warn;
    private int _broken;

    internal CropCache(CropFile? file, Action<string>? warn) => (_file, _warn) = (file, warn);

    /// <summary>
    /// Number of images, from index 0, that the cache can hold: all of the set, or as many as the budget allows, or none.
    /// </summary>
    public int Slots => _file?.Slots ?? 0;

    /// <summary>
    /// Opens the cache for a set and a preprocessing, and makes room for it by deleting the least recently used files of others.
    /// </summary>
    public static CropCache Open(ImageManifest manifest, Preprocessing preprocessing, CropCacheOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(preprocessing);
        options ??= new();
        try
        {
            var path = Path.Combine(options.Disk.Folder, $"{manifest.Hash}-{preprocessing.Hash}{DiskBudget.CropExtension}");
            return new(OpenFile(path, manifest.Entries.Count, preprocessing.CropBytes, options), options.Warn);
        }
        catch (Exception error) when (IsDisk(error) || error is ArgumentException or NotSupportedException)
        {
            options.Warn?.Invoke($"crops are not cached: {options.Disk.Folder} cannot be used ({error.Message})");
            return new(null, null);
        }
    }

    /// <summary>Looks up an image.</summary>
    /// <param name="index">The image's index in the manifest.</param>
    /// <param name="crop">Receives the crop; undefined if there is none.</param>
    /// <param name="unreadable">The remembered reason why the image has no crop, if any; else null.</param>
    /// <returns>Whether the cache knows the image: its crop, or a reason.</returns>
    public bool TryRead(int index, Span<byte> crop, out string? unreadable)
    {
        unreadable = null;
        try
        {
            return index < Slots && _file!.TryRead(index, crop, out unreadable);
        }
        catch (Exception error) when (IsDisk(error))
        {
            Break(error);
            return false;
        }
    }

    /// <summary>Stores a crop if there is a slot for it.</summary>
    public void Write(int index, ReadOnlySpan<byte> crop)
    {
        if (index >= Slots || Volatile.Read(ref _broken) != 0)
            return;
        try
        {
            _file!.WriteCrop(index, crop);
        }
        catch (Exception error) when (IsDisk(error))
        {
            Break(error);
        }
    }

    /// <summary>Remembers that an image is unreadable, so that it is not decoded again.</summary>
    public void WriteUnreadable(int index, string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (index >= Slots || Volatile.Read(ref _broken) != 0)
            return;
        try
        {
            _file!.WriteReason(index, reason);
        }
        catch (Exception error) when (IsDisk(error))
        {
            Break(error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private static CropFile? OpenFile(string path, int count, int cropBytes, CropCacheOptions options)
    {
        var file = options.Disk.OpenCrops(
            path, CropFile.FileBytes(0, cropBytes), CropFile.SlotBytes(cropBytes), count,
            () => CropFile.FindSlots(path, cropBytes), slots => CropFile.Open(path, slots, cropBytes));
        if (file is null)
            options.Warn?.Invoke(
                $"crops are not cached: {options.Disk.Folder} may hold {options.Disk.CropBytes()} bytes of crops, "
                + "which is not enough for one");
        return file;
    }

    // Nothing is written after the first failure: a full disk would fail for every image and slow the scan down.
    private void Break(Exception error)
    {
        if (Interlocked.Exchange(ref _broken, 1) == 0)
            _warn?.Invoke($"crops are no longer cached: {error.Message}");
    }

    private static bool IsDisk(Exception error) => error is IOException or UnauthorizedAccessException;
}
