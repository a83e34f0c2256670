namespace VizPipeline.Images;

/// <summary>Reads the small text files that come with an image set, and turns what goes wrong into one clear line.</summary>
internal static class SetFiles
{
    public static string ReadText(string file, string what)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageSetException($"{what} {file} does not exist");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageSetException($"{what} {file} cannot be read: {error.Message}");
        }
    }
}
