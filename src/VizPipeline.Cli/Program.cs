Console.WriteLine("viz");
