namespace VizPipeline.Web.Export;

/// <summary>Files that appear in a folder together, when all are complete. A failure before leaves the former ones.</summary>
internal sealed class ExportFiles : IDisposable
{
    private readonly string _folder;
    private readonly List<(string Temporary, string Final)> _files = [];

    /// <summary>Makes the folder where it is missing.</summary>
    public ExportFiles(string folder)
    {
        Directory.CreateDirectory(folder);
        _folder = folder;
    }

    /// <summary>A new file that will be called <paramref name="name"/>.</summary>
    public FileStream Create(string name)
    {
        var (temporary, final) = (Path.Combine(_folder, $".{name}.{Environment.ProcessId}.tmp"), Path.Combine(_folder, name));
        _files.Add((temporary, final));
        return new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
    }

    /// <summary>Gives the files, which must be closed, their names.</summary>
    public void Commit()
    {
        foreach (var (temporary, final) in _files)
            File.Move(temporary, final, overwrite: true);
        _files.Clear();
    }

    /// <summary>Removes what was not committed.</summary>
    public void Dispose()
    {
        foreach (var (temporary, _) in _files)
            File.Delete(temporary);
    }
}
