namespace VizPipeline.Cli.Publishing;

/// <summary>A folder beside a file or folder that is being written, which goes at the end.</summary>
internal sealed class ScratchFolder : IDisposable
{
    /// <summary>Creates the folder.</summary>
    /// <param name="target">The full path of what is being written.</param>
    public ScratchFolder(string target) => Directory.CreateDirectory(Path = $"{target}.{Environment.ProcessId}.tmp");

    /// <summary>The full path of the folder.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
