using System.Text;

namespace VizPipeline.Images;

/// <summary>Reads the small text files of an image set and reports errors in one clear line.</summary>
internal static class SetFiles
{
    // Lists of the largest public sets (about ten million images) have this size.
    private const long LargestText = 1_000_000_000;

    public static string ReadText(string file, string what)
    {
        if (Directory.Exists(file))
            throw new ImageSetException($"{what} {file} is a folder; give a file");
        try
        {
            using var reader = new StreamReader(file);
            // A model or an archive, given by mistake, must not be read into memory first; a pipe has no length and is counted.
            if (reader.BaseStream is { CanSeek: true, Length: > LargestText })
                throw TooLarge(file, what);
            var (text, buffer) = (new StringBuilder(), new char[1 << 14]);
            while (reader.ReadBlock(buffer) is var count and > 0)
            {
                if (text.Length + count > LargestText)
                    throw TooLarge(file, what);
                text.Append(buffer, 0, count);
            }
            var read = text.ToString();
            // A model or an image, given by mistake.
            return read.Any(sign => char.IsControl(sign) && sign is not ('\n' or '\r' or '\t'))
                ? throw new ImageSetException($"{what} {file} is no text") : read;
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

    private static ImageSetException TooLarge(string file, string what) =>
        new($"{what} {file} is larger than {LargestText / 1_000_000} MB; it must be a text that gives a path a line");
}
