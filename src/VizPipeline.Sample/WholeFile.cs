namespace VizPipeline.Sample;

/// <summary>Writes a file in one step, so that a file that is there is complete.</summary>
internal static class WholeFile
{
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        // The name differs between processes and threads that write the same file: the last rename wins, and both are whole.
        var part = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.part";
        try
        {
            using (var stream = File.Create(part))
                stream.Write(bytes);
            File.Move(part, path, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }
}
