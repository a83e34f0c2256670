namespace VizPipeline.Tests.Images;

/// <summary>
/// Small pictures of 11x9 pixels, one per kind of file, written by Pillow 9.4 (libjpeg-turbo 2.1), with the pixels that its
/// <c>convert('RGB')</c> reads from them (height x width x 3 bytes).
/// </summary>
internal static class Fixtures
{
    public static readonly IReadOnlyDictionary<string, (byte[] File, byte[] Pixels)> All = new Dictionary<string, (byte[], byte[])>
    {
        ["Jpeg_420"] = (
            Convert.FromBase64String(
                "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/"
                + "2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh7/wAARCAAJAAsDASIAAhEBAxEB/8QA"
                + "HwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkK"
                + "FhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXG"
                + "x8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAEC"
                + "AxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOE"
                + "hYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDg/B/wu3zI"
                + "wgIwM9i3AyeMdeRXpUPwsLQoV85BjAVVOBjj1Fdj4D/h/wA969R07/jyj/H+ZrDB42oo3RwcIca5jSwl0+x//9k="),
            Convert.FromBase64String(
                "BhIICQoFIgkPNAgZRQYhVwUrcwc7mBFTogBQyxJw0w91CB8PGSMaMiQkOBciUR0zaiBBhSVToCRgsxhk0CJ7zBR0AiwUGDgjMjovNioqVjZBZDBGezFUkC1c"
                + "vDp60TuFzC1/GV04Jl8+OFpCQ1FEZmFeaU9Yh1hspVt+vVeHz1WQ0U6QDXA6GXE/JGQ/NGFEU25bYGdfhnd6pHuNtXCPxm+Z2XmpAH86HZFQLIlUQ4xfVYxs"
                + "bpF5jpuRk4mIuZOixI2k1Zm1AJtHHq1dLqVhU7d7U6d2cbKKjbidiZuLr6eltp2jzK64EMBeG8BkH61bUMmCSLBza8KPk9Ssnsarusi5u7uz0s3KDs1jGcxo"
                + "NtN4StODYNiRe9+jjdytpd67t9e/wNG/2efa")),
        ["Jpeg_444_progressive"] = (
            Convert.FromBase64String(
                "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/"
                + "2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh7/wgARCAAJAAsDAREAAhEBAxEB/8QA"
                + "FQABAQAAAAAAAAAAAAAAAAAABQb/xAAYAQADAQEAAAAAAAAAAAAAAAADBAYFB//aAAwDAQACEAMQAAABBGClbr2MnklS3T//xAAaEAABBQEAAAAAAAAAAAAA"
                + "AAAEAAEDBSEy/9oACAEBAAEFAg6vWq8AUfH/xAAaEQACAgMAAAAAAAAAAAAAAAAABQECIjFB/9oACAEDAQE/AVraOlHOIv1Uk//EABoRAAICAwAAAAAAAAAA"
                + "AAAAAAADAQIRITH/2gAIAQIBAT8BW0h1cbFk9P/EABgQAAIDAAAAAAAAAAAAAAAAAAABEDFB/9oACAEBAAY/AqNhH//EABoQAAICAwAAAAAAAAAAAAAAAAER"
                + "ABBBYeH/2gAIAQEAAT8hYJ7jxS6AmFD/2gAMAwEAAgADAAAAEE+P/8QAHhEBAAIBBAMAAAAAAAAAAAAAAQARwUFxkaGx8PH/2gAIAQMBAT8QNQr9r5HAKc1k"
                + "nYyzRseCf//EABwRAAIBBQEAAAAAAAAAAAAAAAABQSExcYGR0f/aAAgBAgEBPxBExwWRLXRDPheP/8QAHRAAAgIBBQAAAAAAAAAAAAAAAREAIbExQVGB8P/a"
                + "AAgBAQABPxBNGEHsaBmlrYhSUUgQgq5E8dzOyZ//2Q=="),
            Convert.FromBase64String(
                "BhQAJQAFIAcdOwEpWAAnVgcndgY2kBdNpgBKzhFr3QtwBCASGSIfLCYqRhAgVhwqaCI6nRhXmCZuvxBr2RuF1gyCADMWDD0nKD4xPycnVzc6aC5ElSJbkyhs"
                + "uz1tzj2A0ymCBWooJmA3Ll5IPVFPc1hrc0lhj1NvsVV6sF+Av1ySx1CgBnYsH3A2JGU9MGFMXmZoa19ph3Z+rXeFqniDuHeV0HuyCHlBFJZONYdHR4xTTpFl"
                + "c459k5eWj4qOv5SNxJCU2ZisBpZRDrVdNKVTUrptSK5vd66OjbehhZ6LsaSttpus1afBCsNdFcRdIqxWQNGGSK5/eLmbiNqpqMWXvMXAubu40s3JA9RdA9lg"
                + "QtFoR9KRYNmJZ+qefOidptzCqNzP0MjGyPDV")),
        ["Jpeg_grey"] = (
            Convert.FromBase64String(
                "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/"
                + "wAALCAAJAAsBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEI"
                + "I0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ip"
                + "qrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AOa0fwTukUiPGPzrrk8EFkUjeoxjABrf0Ht/nvXZW3/H"
                + "uv8AnvX/2Q=="),
            Convert.FromBase64String(
                "CQkJDQ0NEhISFRUVGRkZJSUlNzc3RUVFQ0NDUVFRWVlZExMTGxsbJCQkKSkpLS0tNDQ0Pz8/SUlJTk5OWFhYW1tbKSkpMDAwODg4PT09QUFBR0dHUVFRWVlZ"
                + "ampqcXFxcHBwQUFBRERER0dHSUlJTk5OWVlZZ2dncnJyeXl5f39/gICATk5OUVFRVVVVWlpaYWFhbW1te3t7hYWFioqKkpKSmJiYWFhYXl5eaGhocnJye3t7"
                + "hYWFjY2Nk5OTnJyco6OjrKysa2trcXFxe3t7hoaGkJCQmpqaoaGhpqampKSkqqqqsrKygICAgoKChoaGjY2NmJiYpaWlsbGxuLi4v7+/w8PDysrKiYmJioqK"
                + "nJycoaGhrKysvb29vr6+ysrKysrKzMzM3t7e")),
        ["Jpeg_with_orientation"] = (
            Convert.FromBase64String(
                "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRof"
                + "Hh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy"
                + "MjIyMjIyMjIyMjIyMjL/wAARCAAJAAsDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQID"
                + "AAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWG"
                + "h4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAA"
                + "AAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5"
                + "OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk"
                + "5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDmtH8E7pFIjxj8665PBBZFI3qMYwAa39B7f5712Vt/x7r/AJ71nRrySuc+S59ioUNGf//Z"),
            Convert.FromBase64String(
                "AwwHDQ0LHQwULggXRAIeYwQshwxCphFTswZWzA5o2xF1BhoPFB8XKCIkOx8rURoxaRg5iBhIoxlVthZgyxlt1Rh2DjgiGzwpLT40QDw7VjZBbjJLijJYojJk"
                + "wTt40zyD2TaHFlk2Hlk5K1c+O1JCUU1Kbk9XjlJrqVV5vFWEzFWN1FKSD3E+GHFBJXBHN25OT2xYbW5mjHN5pXSHt3KPx3Wb1HekB4ZBEolJJo1VPZFgV5Bt"
                + "cZF6ipCGno6PtJCcw5Kn0pezCqJPFKZVKKpiQa1vW699drCKjK6Vn6udqKOft6Sow6m0FL5eGr1iKLxoPLxyVr6Bc8KSjsaho8WstMa2wMW+y8rGFstkG8ln"
                + "Ntd6R9WDYteRgt+mk9isq9y8tde/vtXD1OTX")),
        ["Jpeg_cmyk"] = (
            Convert.FromBase64String(
                "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AA"
                + "FAgACQALBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQci"
                + "cRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqi"
                + "o6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD57/Y2SM3doJMyfMHBJVmQAYwe"
                + "M7hzgDIz15rzA/sByXFwssNj5IVTnABkbA3HjAGcMuc5/mK8G+CvwLSa8t2ltWdIFDZaP5V/ixjsDgghs9OuTx+qdfqz4cvXGh2QMyDbGFwJWjAA4+7vXH/f"
                + "I/rTJv8AgnlJcyGSBbyCI4CxxQuQuOPbnjn3zX19o/wTsF0q1W7glS4SMK6mFGxgYHPcYAxRX5Ufsbf8eeh/9d1/9GPX6iaL/rbr/rjXG/AP/lx/7CB/9DSi"
                + "v050v/kFWP8A17x/+gCt7Qf+QXH/AL8n/obV9jWX/HuP95v/AEI0V//Z"),
            Convert.FromBase64String(
                "Cg4BIQAJLgAnMwAlVgAXYAQwdRI9ngtEpgBQ1AOB6AtlAB4LHSohHCwnThgtbg4uYhozjhVHnip0wRFg2CmAygeAAzMoBzoZIz8iQCcqR0NLbi9kljJJjyV6"
                + "qjpryUh75iGGEmcVHVkyJW9USlE9Z0VKdENXhUl3rFt5r2h9xlKWxFGmD3Y9FWxFF2A1PmJkZ2ZTdGdyfH+Bq3aJqXuAumqe3Hq+AIRAG4tOQZNOQolPPZZj"
                + "aZJ7k42PoIKNxpCNzp6RzZavA5k8JrdeLJlZQ7tjX6Z7cLNxk7aZjKeZo5i0t6Ss4KGxEcJhBsJgLK9qOtRsUbOTcL+ch9amocKau8y5v7XIytO+ANRiCtZX"
                + "P9RsR9GSY9qMZ+iYfOiZpd3FptvOzszEyO3V")),
        ["Png_rgb"] = (
            Convert.FromBase64String(
                "iVBORw0KGgoAAAANSUhEUgAAAAsAAAAJCAIAAABrBkF6AAABFklEQVR4nAXB226CMAAA0IKVW4VytQ4QdTJjNp1Z9rL//5HFRBfZJqB0XAqFnSNIExDSCQaL"
                + "AdBnIApA8R37pTLkUn8DT1i/QuYhRuwEtR8npHMguMb8brSrTZQkjSkfzyEEbpTC4gF1FyZzEoU/Lp9lVafcY6LY1RJgaO2/7SEYSUuMUr9Fqtb0fRy6Uo8E"
                + "Vsy/HnXYOa8plRR2pU7cqan4t05W+rLQuUJraASxBwuHB9PxWrOEovjEwYhp+8HLId1o2Azzop1AYHB14eWnynvXvF9TUZkoSTSzzrdZ5peHbAyt3fYslCvi"
                + "14TVJRkMKyfjqVFhpKHj7HKgMLN7TQSe1ch8a2+bxqxp30TyLutVMq9YSP4B0NV0zjDM8mAAAAAASUVORK5CYII="),
            Convert.FromBase64String(
                "BgwAIgAMMQArMAAfWgAhWwApdRM7oApJpwBW2AB75w1oACELHCMeGi4mUhIqZw8qaCM4khVJmytvvhRY0SSCyAmEADUpCjkcI0QiOigtTz9Laypfjy1Okil3"
                + "sDhvxkp55iSIEWITI2EuJmdOSU88aUpWdElYjUdyq1t9rmZ4wFmWzEajDXVBEWlHGWM7PWJfZWtNdmBwdoF/rXSMq3yAuGqk2325AIg+G4tMPpVMP4hSRJdo"
                + "aJF6lZCUnYWIw4+P05iUzpOwAJY7JLVhLplYQ7tiWad4cLB0l7aakaWZqJaxsrKn4aG1EcJjCcNZKrByO9JsUbGPb7+gh9alncSct8+7wrDJydC9ANRhCtZZ"
                + "P9RrRtGTY9mMaOmYe+eZpd3FptvOzs3FyOzU")),
        ["Png_alpha"] = (
            Convert.FromBase64String(
                "iVBORw0KGgoAAAANSUhEUgAAAAsAAAAJCAYAAADkZNYtAAABQElEQVR4nAXBfU/aQADA4V/x6NvRlhZqOSgIkxnidMb4z77/F1lMZJGplNkbpQctPo9l9yDX"
                + "PRVxpc5odUtHWbhqPEjUjypUzj5Qj3xXUfChhEklJkvYyCO/XiRBA9YwZPoZclzcMNtsqPsOz+scwXDGVpQoeeLVODTZjPxtSDMqqE4un8sMN6mYEyHi+78k"
                + "5wkX9pxIbhkfJZ5f07ZL8qFNKy1MOeXPtwBxGvxkq21c84EeLDl5Wzr/r9ksAuZlQONqDiJkskwR5aBhctnl2o+xypLf0YQL43N/TtkJzY0f0c93lMcegrDB"
                + "u0rZvVSkTz7pex/XM3RsG13ErP+NKMZ7HoouIr5bsbb2LLIxh8xw2Gecw5hd1uUyrIikj3we8fqgEUXS4ncgjWucZkWyqqn7B3RbM3PuKFqPbFph8owvxNd1"
                + "yMW/I4cAAAAASUVORK5CYII="),
            Convert.FromBase64String(
                "BgwAIgAMMQArMAAfWgAhWwApdRM7oApJpwBW2AB75w1oACELHCMeGi4mUhIqZw8qaCM4khVJmytvvhRY0SSCyAmEADUpCjkcI0QiOigtTz9Laypfjy1Okil3"
                + "sDhvxkp55iSIEWITI2EuJmdOSU88aUpWdElYjUdyq1t9rmZ4wFmWzEajDXVBEWlHGWM7PWJfZWtNdmBwdoF/rXSMq3yAuGqk2325AIg+G4tMPpVMP4hSRJdo"
                + "aJF6lZCUnYWIw4+P05iUzpOwAJY7JLVhLplYQ7tiWad4cLB0l7aakaWZqJaxsrKn4aG1EcJjCcNZKrByO9JsUbGPb7+gh9alncSct8+7wrDJydC9ANRhCtZZ"
                + "P9RrRtGTY9mMaOmYe+eZpd3FptvOzs3FyOzU")),
        ["Png_grey_alpha"] = (
            Convert.FromBase64String(
                "iVBORw0KGgoAAAANSUhEUgAAAAsAAAAJCAQAAABObR6mAAAAiUlEQVR4nAXBy26CQAAAwKEssjxkFVabPbSJ6f//Wg+miW0J6EzVqUssezmWqlxKV/aylL6E"
                + "0aBVCSYH2WrxLSTB5Ne73WCzmLXChyj616t1rlqVRkhWD0ny5mJQ29yE1uzsz1HnZDXrPYXo093NZpT9eIoa4csmGT1Mkt7sLgsHtZNGNmqckS1epqcZgb6Z"
                + "imcAAAAASUVORK5CYII="),
            Convert.FromBase64String(
                "CQkJDAwMFBQUEhISHx8fICAgNTU1Pj4+PDw8T09PWVlZFRUVICAgJycnKCgoLCwsOjo6QEBAVFRUT09PYmJiUFBQJCQkKCgoNjY2Li4uRUVFQ0NDTk5OUVFR"
                + "YmJidHR0aWlpQUFBSUlJUVFRS0tLVVVVWFhYYWFhd3d3fn5+f39/eXl5UFBQS0tLSEhIV1dXZmZmaGhofX19iIiIi4uLiIiIoKCgV1dXYmJic3NzbGxseXl5"
                + "goKCkpKSjY2Nn5+fqampqKioX19fgICAcnJyjY2NioqKlpaWqqqqnp6enp6esbGxtra2goKCf39/gYGBmZmZkJCQpKSkubm5tLS0xsbGuLi4zMzMiIiIi4uL"
                + "m5uboKCgra2tubm5vr6+ysrKysrKzMzM39/f")),
        ["Png_palette_with_transparency"] = (
            Convert.FromBase64String(
                "iVBORw0KGgoAAAANSUhEUgAAAAsAAAAJBAMAAAAWSsseAAAAMFBMVEWs2ryXt58613gquWvIip2TkJQ+mV8pf0ijWn2cPG/OEHKHG1QmYT0jNyxXCysXEBHV"
                + "dA9MAAAAA3RSTlMAgP/s97MYAAAASklEQVR4nAE/AMD/AP/v7ru6oAD/3u65qqAA3d3buZigAMzMuZiIgAB8zGhYhEAAd2ZlVURAAHNjZRFRQAAzMiERAAAA"
                + "MyIiEAAARbUaGa258rkAAAAASUVORK5CYII="),
            Convert.FromBase64String(
                "FxARFxARVwsrFxARVwsrVwsrhxtUhxtUhxtUzhByzhByFxARFxARIzcsVwsrVwsrVwsrhxtUnDxvzhByzhByzhByIzcsIzcsIzcsIzcsIzcshxtUhxtUnDxv"
                + "nDxvo1p9zhByJmE9JmE9JmE9JmE9hxtUnDxvnDxvo1p9o1p9o1p9o1p9KX9IJmE9JmE9JmE9Pplfo1p9k5CUo1p9o1p9yIqdyIqdKX9IKX9IPplfPplfPplf"
                + "k5CUk5CUk5CUyIqdyIqdyIqdKX9IKrlrPplfKrlrPplfk5CUl7efl7efk5CUl7efyIqdKrlrKrlrKrlrOtd4Otd4l7efl7efl7efrNq8rNq8rNq8KrlrKrlr"
                + "Otd4Otd4Otd4Otd4l7efrNq8rNq8rNq8rNq8")),
        ["Png_one_bit"] = (
            Convert.FromBase64String(
                "iVBORw0KGgoAAAANSUhEUgAAAAsAAAAJAQAAAADMH+uAAAAAJElEQVR4nGNgUGBiVWCSdmD6+oBpwgMGrQeMaz8zhD1g3P4SAF2XCXA36mFUAAAAAElFTkSu"
                + "QmCC"),
            Convert.FromBase64String(
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA////AAAAAAAAAAAAAAAAAAAA////AAAA////AAAA////AAAAAAAAAAAA////AAAAAAAAAAAAAAAAAAAA"
                + "////AAAAAAAAAAAAAAAAAAAA////AAAA////AAAA////AAAA////////////AAAA////AAAAAAAA////AAAA////AAAA////AAAAAAAAAAAA////AAAA////"
                + "AAAA////AAAA////////////////AAAA////AAAA////////AAAA////////AAAA////AAAA////AAAA////AAAA////////AAAA////////////////AAAA"
                + "////////AAAA////////////////AAAA////")),
        ["Png_16_bit"] = (
            Convert.FromBase64String(
                "iVBORw0KGgoAAAANSUhEUgAAAAsAAAAJEAIAAAA7lp05AAACZklEQVR4nAFbAqT9AAY7DLkA3iIaAIEMXTG5AO4riDC/AFAflFp+ALshDFs8AAsp+nWHE307"
                + "eqAICtVJ2KcFAJ9WjthhAH174eeZDX1ougAAsSGGC9QckCOeHn0aly6dJuZSPxJdKo1nVg+sKtNoMCMOOP2SghW/ScKb9CsIb0u++xRxWGXRQiQFggvI+QkE"
                + "hCMAAD81SCncClM5KRxkI7BEciI/Oh4oEC19TzE/lUuta2EqgF8Oj4wtLk50khwpRndqsH04B2/sxmtKM3ky5rskcIhAABFzYjETKSNSYfYuFyaLZ+9Odkld"
                + "T448LWmySgBWkHQPSQVYNo24R2pya6uaWxF9+658ZuN4wcA+WU2WnMzXRuujfAANGnX+QdoRtmllRyIZyGM0O1I93WKgX0xlgWucTRp2RmDCcKB20oG8f3ut"
                + "THRjjDOr8nwHgF+4EWrhpKfba33KuV8AAHeIXD7CGw+LjExGPvmVOkxmPw+If1KKRMCXcWg/aAaR6XonlcWQ65RSnSKFsYhfwwmP84/o0x2YupRozhCTzbDa"
                + "AAAElhs7EST1te5h1i6vmRdYQkOEu3piGlk/p7N45HAbsPN0UZcStuqahpGppS+Z6Khnll+xvbLAsranO+EwoZG1VQARCMJsY8YJYsNpWa4q+LDJciU7VdKJ"
                + "bHBROrERj6ZvXb9RoPKH1NaApeidjsTrnJu3Ws+Ru7HCzbD4yULJGtBRvZMAAOPU6WF/CgvW9Vk7PyPUOGvIRojReZNZY3nZt4zhaPPpIZi9e4PnX5k/pRDd"
                + "V8U7ptHb5M5lzmPNyMUnyAPsNdT/62IOeSiaeYoAAAAASUVORK5CYII="),
            Convert.FromBase64String(
                "BgwAIgAMMQArMAAfWgAhWwApdRM7oApJpwBW2AB75w1oACELHCMeGi4mUhIqZw8qaCM4khVJmytvvhRY0SSCyAmEADUpCjkcI0QiOigtTz9Laypfjy1Okil3"
                + "sDhvxkp55iSIEWITI2EuJmdOSU88aUpWdElYjUdyq1t9rmZ4wFmWzEajDXVBEWlHGWM7PWJfZWtNdmBwdoF/rXSMq3yAuGqk2325AIg+G4tMPpVMP4hSRJdo"
                + "aJF6lZCUnYWIw4+P05iUzpOwAJY7JLVhLplYQ7tiWad4cLB0l7aakaWZqJaxsrKn4aG1EcJjCcNZKrByO9JsUbGPb7+gh9alncSct8+7wrDJydC9ANRhCtZZ"
                + "P9RrRtGTY9mMaOmYe+eZpd3FptvOzs3FyOzU")),
        ["Webp_lossy"] = (
            Convert.FromBase64String(
                "UklGRm4AAABXRUJQVlA4IGIAAADwAQCdASoLAAkAAUAmJbACdAD5g5x4OwAA/v2zvjVoVyTwk03rWM1fwnoDtiRhK5W9wFhz38BzSnrfZ00FjCA/uorjlAbE"
                + "Wvn4L95Isan/PJj//Bx/6PSOv//X48b301QAAA=="),
            Convert.FromBase64String(
                "AgsBEhAMIw4TLwEQVgooYgApfQM3lAVMpwBjvwd30Q1/CR4OGSQZKiIgNhQfWBkzdBxAhxhJrSprtR51zyaKvwpwBjQZFjoiKTYrNCkqZT5OaytFizVbmDFh"
                + "sDx3zUmOxTB+EFsyIGE9Ml1DPlBDXVNUc05diE9np119tFuEwlqLyFGMC3Y9C2w5FmM5LWFEU2pcaWdmjXR9pXmKuHaRtmOG2HqjA4xFEpBPL5ljOoxgW5By"
                + "cY18jZOMnYyQupOjzpWt1pSvAJdFHrVpH6BeQ6t2WqR9dqiMka+emKKcopqhvKOy0ay9BLxcF8JoILJmR8F/UbJ9d8KYl86wnsGuvM3Htri61MvOBtBjEcxm"
                + "OdV8Sc6BYtWTe92liNmrpd+7sta+vNPD0+bW")),
        ["Webp_lossless"] = (
            Convert.FromBase64String(
                "UklGRqABAABXRUJQVlA4TJMBAAAvCgACABfjuLZtNXlxd3dtArqhS4phyCzunrThNgAAsont2u4R1v+rvcU2XUeybVrXts3nQF68L5r7/2xbe89/8BjRSGVo"
                + "38aVApP8CQAFGqrIWMHnH5r3JwJ/U88k1hSncDOAHAn15NXH/kcHZkrFDxRBF95DD95kVHHXSA2jqJtPfQqaFBXI10TcLNzLCil6cGcqWHcjpMSaXx3haaNW"
                + "HwaNcEeCMPtyFJAAOtn9Mh3AtH6Qf0wcmoYz7x9KriUi0JnF/qrbAzn2I/0dAfODZS+PCURTcoMiZcoJgJFFeBL4PasqgPbRGo1SAWxyxbkEu2BdL1NcPj00"
                + "ZX5eyemZ5tcI5Qjfoy+81bK00z3CNEJNIqhe4AIAVIAz9pINZ6gaVoz3deETDz2ERE8e7lAABwEAkK2i2bZu27ZtGxH9D+B+u17Oh8m41wch+HTcT6OjYff5"
                + "QF6r+SwWCQ/e6Ha9WMb9vkCIwLHNLpH0eoIVkmY5PuVyl0tFSmSEdMZ2Cvnq9yPJ2ZxpNWuN/09RNd1otesdAA=="),
            Convert.FromBase64String(
                "BgwAIgAMMQArMAAfWgAhWwApdRM7oApJpwBW2AB75w1oACELHCMeGi4mUhIqZw8qaCM4khVJmytvvhRY0SSCyAmEADUpCjkcI0QiOigtTz9Laypfjy1Okil3"
                + "sDhvxkp55iSIEWITI2EuJmdOSU88aUpWdElYjUdyq1t9rmZ4wFmWzEajDXVBEWlHGWM7PWJfZWtNdmBwdoF/rXSMq3yAuGqk2325AIg+G4tMPpVMP4hSRJdo"
                + "aJF6lZCUnYWIw4+P05iUzpOwAJY7JLVhLplYQ7tiWad4cLB0l7aakaWZqJaxsrKn4aG1EcJjCcNZKrByO9JsUbGPb7+gh9alncSct8+7wrDJydC9ANRhCtZZ"
                + "P9RrRtGTY9mMaOmYe+eZpd3FptvOzs3FyOzU")),
        ["Bmp"] = (
            Convert.FromBase64String(
                "Qk16AQAAAAAAADYAAAAoAAAACwAAAAkAAAABABgAAAAAAEQBAADEDgAAxA4AAAAAAAAAAAAAYdQAWdYKa9Q/k9FGjNljmOlomed7xd2lztumxc3O1OzIAAAA"
                + "Y8IRWcMJcrAqbNI7j7FRoL9vpdaHnMSdu8+3ybDCvdDJAAAAO5YAYbUkWJkuYrtDeKdZdLBwmraXmaWRsZaop7KytaHhAAAAPogATIsbTJU+Uog/aJdEepFo"
                + "lJCViIWdj4/DlJjTsJPOAAAAQXUNR2kRO2MZX2I9TWtlcGB2f4F2jHStgHyrpGq4uX3bAAAAE2IRLmEjTmcmPE9JVkppWEl0ckeNfVureGaullnAo0bMAAAA"
                + "KTUAHDkKIkQjLSg6Sz9PXyprTi2PdymSbziweUrGiCTmAAAACyEAHiMcJi4aKhJSKg9nOCNoSRWSbyubWBS+giTRhAnIAAAAAAwGDAAiKwAxHwAwIQBaKQBb"
                + "OxN1SQqgVgCnewDYaA3nAAAA"),
            Convert.FromBase64String(
                "BgwAIgAMMQArMAAfWgAhWwApdRM7oApJpwBW2AB75w1oACELHCMeGi4mUhIqZw8qaCM4khVJmytvvhRY0SSCyAmEADUpCjkcI0QiOigtTz9Laypfjy1Okil3"
                + "sDhvxkp55iSIEWITI2EuJmdOSU88aUpWdElYjUdyq1t9rmZ4wFmWzEajDXVBEWlHGWM7PWJfZWtNdmBwdoF/rXSMq3yAuGqk2325AIg+G4tMPpVMP4hSRJdo"
                + "aJF6lZCUnYWIw4+P05iUzpOwAJY7JLVhLplYQ7tiWad4cLB0l7aakaWZqJaxsrKn4aG1EcJjCcNZKrByO9JsUbGPb7+gh9alncSct8+7wrDJydC9ANRhCtZZ"
                + "P9RrRtGTY9mMaOmYe+eZpd3FptvOzs3FyOzU")),
        ["Gif"] = (
            Convert.FromBase64String(
                "R0lGODdhCwAJAIcAAKzavJe3nzrXeCq5a8iKnZOQlD6ZXyl/SKNafZw8b84QcocbVCZhPSM3LFcLKxcQEQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACwAAAAACwAJAAAIUAAfPHAw0MGCgwoUCGzgoOGC"
                + "BAkVNJg48WCCBAgUMNjI4CFGBCAPcDSAoABIAgQOHDDAsoBLlCkHGJBZIECAmgQG6BQgwGYAAEB38uwJFGhAADs="),
            Convert.FromBase64String(
                "FxARFxARVwsrFxARVwsrVwsrhxtUhxtUhxtUzhByzhByFxARFxARIzcsVwsrVwsrVwsrhxtUnDxvzhByzhByzhByIzcsIzcsIzcsIzcsIzcshxtUhxtUnDxv"
                + "nDxvo1p9zhByJmE9JmE9JmE9JmE9hxtUnDxvnDxvo1p9o1p9o1p9o1p9KX9IJmE9JmE9JmE9Pplfo1p9k5CUo1p9o1p9yIqdyIqdKX9IKX9IPplfPplfPplf"
                + "k5CUk5CUk5CUyIqdyIqdyIqdKX9IKrlrPplfKrlrPplfk5CUl7efl7efk5CUl7efyIqdKrlrKrlrKrlrOtd4Otd4l7efl7efl7efrNq8rNq8rNq8KrlrKrlr"
                + "Otd4Otd4Otd4Otd4l7efrNq8rNq8rNq8rNq8")),
    };
}
