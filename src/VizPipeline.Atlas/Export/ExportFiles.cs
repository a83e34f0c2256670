namespace VizPipeline.Atlas.Export;

/// <summary>Writes several files to a folder and renames them together at the end. After a failure the old files are still there.</summary>
internal sealed class ExportFiles : IDisposable
{
    private readonly string _folder;
    private readonly List<(string Temporary, string Final)> _files = [];

    /// <summary>Creates the folder if it does not exist.</summary>
    public ExportFiles(string folder)
    {
        Directory.CreateDirectory(folder);
        _folder = folder;
    }

    /// <summary>Opens a temporary file that will be called <paramref name="name"/>.</summary>
    public FileStream Create(string name)
    {
        var (temporary, final) = (Path.Combine(_folder, $".{name}.{Environment.ProcessId}.tmp"), Path.Combine(_folder, name));
        _files.Add((temporary, final));
        return new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
    }

    /// <summary>Renames the files, which must be closed, to their final names.</summary>
    public void Commit()
    {
        foreach (var (temporary, final) in _files)
            File.Move(temporary, final, overwrite: true);
        _files.Clear();
    }

    /// <summary>Deletes files that were not committed.</summary>
    public void Dispose()
    {
        foreach (var (temporary, _) in _files)
            File.Delete(temporary);
    }
}
