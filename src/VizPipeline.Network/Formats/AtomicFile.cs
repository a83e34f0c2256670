namespace VizPipeline.Network.Formats;

/// <summary>Replaces a file in one step, so that neither a reader nor a crash leaves a half-written file.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Lets <paramref name="write"/> fill a temporary file next to <paramref name="path"/> and renames it; on failure the old file stays.
    /// </summary>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        Write(path, write, isDurable: true);
    }

    /// <summary>Writes a whole file in the same way.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="isDurable">Whether the file must survive a power cut, which costs milliseconds.</param>
    public static void Write(string path, ReadOnlyMemory<byte> bytes, bool isDurable = true) =>
        Write(path, stream => stream.Write(bytes.Span), isDurable);

    private static void Write(string path, Action<Stream> write, bool isDurable)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // Processes that write the same file at the same time use different temporary names: the last rename wins, and both files are
        // complete.
        var temporary = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: isDurable);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
