using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class ImageManifestTests
{
    [Fact]
    public void Pictures_are_listed_in_ordinal_order_with_size_and_hash()
    {
        using var folder = Folder("b.jpg", "B.PNG", "a-2.jpeg", "a-3.jpe", "a-4.JFIF", "a.webp", "notes.txt", ".hidden.jpg", ".git/x.jpg");

        var manifest = List(folder.Path);

        Assert.Equal(["B.PNG", "a-2.jpeg", "a-3.jpe", "a-4.JFIF", "a.webp", "b.jpg"], manifest.Entries.Select(entry => entry.Path));
        Assert.Equal([0, 1, 2, 3, 4, 5], manifest.Entries.Select(entry => entry.Index));
        Assert.All(manifest.Entries, entry => Assert.Equal(entry.Path.Length, entry.Bytes)); // Folder() writes each path into its file
        Assert.Equal(Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash("b.jpg"u8)), manifest.Entries[^1].ContentHash);
        Assert.All(manifest.Entries, entry => Assert.Null(entry.Class));
    }

    [Fact]
    public void The_first_folder_is_the_class()
    {
        using var folder = Folder("dog/deep/1.jpg", "cat/2.jpg", "cat/1.jpg", "stray.jpg");

        var manifest = List(folder.Path);

        Assert.Equal(["cat/1.jpg", "cat/2.jpg", "dog/deep/1.jpg", "stray.jpg"], manifest.Entries.Select(entry => entry.Path));
        Assert.Equal(["cat", "cat", "dog", null], manifest.Entries.Select(entry => entry.Class));
        Assert.Equal([0, 0, 1, null], manifest.Entries.Select(entry => entry.ClassIndex));
        Assert.Equal(["cat", "dog"], manifest.Classes);
    }

    [Fact]
    public void A_synset_in_the_name_is_the_class_and_the_class_list_gives_its_index()
    {
        using var folder = Folder("n01440764_tench.JPEG", "n02119789_kit_fox.JPEG", "other.jpg");
        var names = new ClassNames([new(0, "n02119789", "kit fox"), new(7, "n01440764", "tench")]);

        var manifest = List(folder.Path, new() { ClassNames = names });

        Assert.Equal(["n01440764", "n02119789", null], manifest.Entries.Select(entry => entry.Class));
        Assert.Equal([7, 0, null], manifest.Entries.Select(entry => entry.ClassIndex));
        Assert.Equal(names.Labels, manifest.NameClasses(names));
    }

    [Fact]
    public void Classes_that_are_no_outputs_of_the_network_are_kept_and_shown_readably()
    {
        using var folder = Folder("ship/1.jpg", "n01440764/1.jpg", "tench/1.jpg", "stray.jpg");
        var names = new ClassNames([new(0, "n01440764", "tench"), new(1, null, "goldfish")]);

        var manifest = List(folder.Path, new() { ClassNames = names });

        Assert.Equal(["n01440764/1.jpg", "ship/1.jpg", "stray.jpg", "tench/1.jpg"], manifest.Entries.Select(entry => entry.Path));
        Assert.Equal([0, 1, null, 2], manifest.Entries.Select(entry => entry.ClassIndex));
        Assert.Equal(["tench (n01440764)", "ship", "tench"], manifest.NameClasses(names));
        Assert.Equal(["n01440764", "ship", "tench"], manifest.NameClasses(null));
    }

    [Fact]
    public void Without_classes_the_outputs_are_no_classes_of_images()
    {
        using var folder = Folder("a.jpg");
        var names = new ClassNames([new(0, null, "tench")]);

        Assert.Empty(List(folder.Path, new() { ClassNames = names }).NameClasses(names));
    }

    [Theory]
    [InlineData("a.jpg\tcat\nb c.jpg\tdog\n")]
    [InlineData("# comment\n\na.jpg,cat\r\n\"b c.jpg\",dog\r\n")]
    [InlineData("path,label\n./a.jpg,cat\nb c.jpg,dog")]
    [InlineData("a.jpg cat\nb c.jpg dog")]
    [InlineData("""{"a.jpg": "cat", "b c.jpg": "dog"}""")]
    public void Labels_come_from_a_file(string text)
    {
        using var folder = Folder("a.jpg", "b c.jpg", "unnamed.jpg");
        var labels = folder.Write("labels.txt", text);

        var manifest = List(folder.Path, new() { LabelFile = labels });

        Assert.Equal(["cat", "dog", null], manifest.Entries.Select(entry => entry.Class));
    }

    [Theory]
    [InlineData("a.jpg", "line 1: 'a.jpg' is not a path and a label")]
    [InlineData("a.jpg,1\na.jpg,2", "line 2: a.jpg has two labels, '1' and '2'")]
    [InlineData("x.jpg,1", "names none of the set's pictures")]
    [InlineData("{\"a.jpg\": []}", "'a.jpg': the label must be a text or a number")]
    [InlineData("{", "is not valid JSON")]
    public void A_wrong_label_file_is_named_with_its_line(string text, string message)
    {
        using var folder = Folder("a.jpg");
        var labels = folder.Write("labels.csv", text);

        var error = Assert.Throws<ImageSetException>(() => List(folder.Path, new() { LabelFile = labels }));

        Assert.Contains(labels, error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void A_limit_takes_the_first_and_opens_no_other()
    {
        using var folder = Folder("a.jpg", "b.jpg", "c.jpg");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "d.jpg"), "nowhere.jpg");

        var manifest = List(folder.Path, new() { Selection = new() { Limit = 2 } });

        Assert.Equal(["a.jpg", "b.jpg"], manifest.Entries.Select(entry => entry.Path));
        Assert.Equal(manifest.Hash, List(folder.Path).First(2).Hash);
    }

    [Fact]
    public void A_broken_link_is_listed_as_unreadable()
    {
        using var folder = Folder("a.jpg");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "b.jpg"), "nowhere.jpg");

        var manifest = List(folder.Path);

        Assert.Equal([null, "the file or the target of its link is missing"], manifest.Entries.Select(entry => entry.Unreadable));
    }

    [Fact]
    public void A_loop_of_links_ends_and_a_linked_folder_is_listed_once()
    {
        using var folder = Folder("x/1.jpg", "y/2.jpg");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "x", "up"), "..");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "x", "y-again"), "../y");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "y", "x-again"), "../x");
        using var outside = Folder("3.jpg");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "z"), outside.Path);

        Assert.Equal(["x/1.jpg", "y/2.jpg", "z/3.jpg"], List(folder.Path).Entries.Select(entry => entry.Path));
    }

    [Fact]
    public void A_missing_or_empty_folder_is_one_clear_line()
    {
        using var folder = Folder("notes.txt");
        var missing = Path.Combine(folder.Path, "missing");

        Assert.Equal($"image set {missing} does not exist", Message(missing));
        Assert.Equal(
            $"image set {folder.Path} has no pictures (.jpg .jpeg .jpe .jfif .png .webp .bmp .gif .tif .tiff .pbm .pgm .ppm .pnm .tga, "
            + "or .tar .zip .parquet archives of them)",
            Message(folder.Path));
        Assert.Equal($"image set {folder.Path}/notes.txt is a file, not a folder", Message(folder.Path + "/notes.txt"));

        static string Message(string path) => Assert.Throws<ImageSetException>(() => List(path)).Message;
    }

    [Fact]
    public void A_saved_manifest_comes_back_with_its_hash()
    {
        using var folder = Folder("cat/é \"1\".jpg", "dog/2.jpg");
        var manifest = List(folder.Path);
        var file = Path.Combine(folder.Path, "images.json");

        manifest.Save(file);
        var copy = ImageManifest.Load(file);

        Assert.Equal(manifest.Entries, copy.Entries);
        Assert.Equal(manifest.Hash, copy.Hash);
    }

    [Fact]
    public void The_hash_changes_with_content_order_and_label()
    {
        var entry = new ImageEntry(0, "a", 1, "aa", "cat", 0);
        ImageEntry[] variants =
        [
            entry, entry with { Path = "b" }, entry with { Bytes = 2 }, entry with { ContentHash = "ab" },
            entry with { Class = null }, entry with { ClassIndex = 1 },
        ];

        Assert.Equal(variants.Length, variants.Select(variant => new ImageManifest([variant]).Hash).Distinct().Count());
    }

    [Theory]
    [InlineData("\"schema\":1", "\"schema\":2", "has schema 2; this program reads schema 1")]
    [InlineData("a.jpg", "b.jpg", "its entries do not match its hash")]
    [InlineData("\"index\":0", "\"index\":3", "says that its index is 3")]
    [InlineData("{", "[", "is damaged")]
    public void A_damaged_manifest_is_refused(string from, string to, string message)
    {
        using var folder = Folder("a.jpg");
        var file = Path.Combine(folder.Path, "images.json");
        List(folder.Path).Save(file);
        File.WriteAllText(file, File.ReadAllText(file).Replace(from, to, StringComparison.Ordinal));

        var error = Assert.Throws<ImageSetException>(() => ImageManifest.Load(file));

        Assert.Contains(file, error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void A_cancelled_listing_stops()
    {
        using var folder = Folder("a.jpg");

        Assert.Throws<OperationCanceledException>(() =>
            ImageManifest.Build(folder.Path, cancellationToken: new CancellationToken(canceled: true)));
    }

    private static ImageManifest List(string folder, ImageSetOptions? options = null) =>
        ImageManifest.Build(folder, options, cancellationToken: TestContext.Current.CancellationToken);

    // The content of each file is its own path.
    private static TemporaryFolder Folder(params string[] files)
    {
        var folder = new TemporaryFolder();
        foreach (var file in files)
            folder.Write(file, file);
        return folder;
    }
}
